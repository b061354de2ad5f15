"""Where simulations run: here, in supervised processes of this machine, or on a Dask cluster.

executor (what all three offer) → serial; worker → worker_process → process_pool; dask_cluster.
"""
