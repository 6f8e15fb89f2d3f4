"""Who somebody is, told by a service that they sign in to."""
