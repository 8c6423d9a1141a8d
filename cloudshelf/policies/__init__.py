"""Who may do what on a shelf in a bucket, as policies that Amazon's IAM and S3 understand. Nothing here asks anybody.

``scope``      what a policy is about: a shelf in a bucket, projects, named locks
``roles``      which keys each role reads, lists, creates, replaces and deletes
``documents``  these as the JSON of a role's policy
``bucket``     the bucket's own policy, which holds whatever the roles' say
"""
