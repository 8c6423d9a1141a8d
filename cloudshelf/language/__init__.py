"""What people type: verbs and their arguments, and what may stand where the cursor is."""
