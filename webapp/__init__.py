"""The control plane: JSON API and pages on Quart-Trio. Never serves media."""
