"""Hiring systems (applicant tracking systems): one vocabulary, one protocol, how their webhooks are verified.

`connectors.greenhouse`, `connectors.lever` and `connectors.ashby` are folders of three files each: ``push`` verifies
and reads a webhook, ``wire`` translates, ``client`` calls. Systems whose webhooks are verified, but which cannot be
read, are files here.
"""
