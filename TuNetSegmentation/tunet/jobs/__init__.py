"""Jobs side by side: in processes of this machine (``local``) or on the machines of a Ray cluster (``ray_workers``)."""
