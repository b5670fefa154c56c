"""How assets says no."""

from app.core.errors import Conflict, Unprocessable


class BadAsset(Unprocessable):
    code = "bad_asset"
    message = "Such an asset cannot be."


class AssetThere(Conflict):
    code = "asset_there"
    message = "There is an asset of this code already."


class AssetAskedAlready(Conflict):
    code = "asset_asked_already"
    message = "Something was asked for about this asset already. It is decided first."
