"""Giving out the seats of several offerings by people's wishes and marks: deferred acceptance, in integers only.

An offering counts a person in every bound that counts them where its groups nest, and in one of those that they meet
where its groups overlap; docs/decisions/0052 says why no other shape is taken.
"""
