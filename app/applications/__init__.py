"""How a customer's tier grows: an application with its steps, the review of it, and the decision.

Owns `applications`, `application_steps`, `application_files`, `application_events`, `application_answers`,
`application_notes` and `checklist_items`. Files are kept by `documents`, what registries say by `identification`, lists
are searched by `screening`; the tier itself is written by `customers`.
"""
