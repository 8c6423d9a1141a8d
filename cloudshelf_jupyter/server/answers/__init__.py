"""What each route answers: the engine's values as the types of wire.py. One function a route.

Those about one shelf run in a thread of that shelf, and get it and their job; the others are coroutines and get all.
"""
