"""The statements we send to PostgreSQL: one function each, plain SQL, typed rows. No rules live here.

Every write may be sent again after an outage that hid its outcome, so each is idempotent.
"""
