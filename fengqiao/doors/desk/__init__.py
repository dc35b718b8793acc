"""The staff's desk: sign-in, worklist, matters."""
