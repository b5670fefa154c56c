"""What registries say of somebody who says who they are: asked once each, remembered, compared with what was given."""
