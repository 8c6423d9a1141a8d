"""The only network and disk: storage verbs over a folder, S3 and memory, and the errors they raise."""
