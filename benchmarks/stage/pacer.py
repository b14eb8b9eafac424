"""A locustfile: stock FastHttpUser paced by ``constant_throughput``, all users together at the rate PACE a second."""

import os

from locust import FastHttpUser, constant_throughput, task


class Pacer(FastHttpUser):
    """Looks at a purchase, so often that USERS of them keep the rate."""

    wait_time = constant_throughput(float(os.environ["PACE"]) / float(os.environ["USERS"]))

    @task
    def look(self) -> None:
        """Look at a purchase."""
        self.client.get("/v1/purchases/7", headers={"x-api-key": "benchmark-key"})
