"""From a requirement to the shelf: plan, fetch, tree, bytecode, profile, packs, upload, head."""
