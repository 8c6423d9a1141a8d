"""What is known of a release before it is published or used: licence, age, vulnerabilities; and policies about it."""
