"""A locustfile: stock FastHttpUser that looks at one purchase and checks nothing."""

from locust import FastHttpUser, task


class Looker(FastHttpUser):
    """Looks as often as it can."""

    insecure = True

    @task
    def look(self) -> None:
        """Look at a purchase."""
        self.client.get("/v1/purchases/7", headers={"x-api-key": "benchmark-key"})
