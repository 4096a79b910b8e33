"""What an evaluation needs: logs with labels, their scan, the figures."""
