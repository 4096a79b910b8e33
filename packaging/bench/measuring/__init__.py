"""What the measurements share: the text, the processes, the watcher at work, the peers, the table."""
