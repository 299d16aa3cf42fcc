"""The chat daemon: rooms, fan-out, and the two protocols people and bots speak to it (JSON and Twitch's IRC)."""
