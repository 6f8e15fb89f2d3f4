"""What a request depends on: that a thing is still as it was got, and that the request was not made before."""
