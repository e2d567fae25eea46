"""Everything on one machine: embedded servers, `up`, `demo`, `smoke`."""
