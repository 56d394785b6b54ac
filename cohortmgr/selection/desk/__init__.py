"""Choosing at a desk: candidates and rules from files, a certificate and a list into files, without any server."""
