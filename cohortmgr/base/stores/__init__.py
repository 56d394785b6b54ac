"""Where files lie: in a folder, or in a bucket of any server that speaks S3. Both answer the same four calls."""
