"""The processes of a cluster: supervisor, sentinel, worker processes, and the memory they share."""
