"""The labels that route calls to model versions."""

STABLE = "stable"
"""The version that answers unless a call asks for another."""
CANARY = "canary"
SHADOW = "shadow"

LABELS = (STABLE, CANARY, SHADOW)
"""All of them. Recommendation ids refer to them by place: add at the end."""
