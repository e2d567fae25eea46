"""What load balancers, orchestrators and monitors ask."""
