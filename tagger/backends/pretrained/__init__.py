"""Folders and weights of pretrained networks that a back end stands on."""
