"""A locustfile: stock FastHttpUser that lives the buyer's journey and checks nothing."""

from locust import FastHttpUser, task

KEY = {"x-api-key": "benchmark-key"}


class Shopper(FastHttpUser):
    """Lives the buyer's journey as often as it can."""

    @task
    def buy(self) -> None:
        """Look at the price, buy, ask for the code, look at the purchase."""
        self.client.get("/v1/accounts/US", headers=KEY)
        with self.client.post(
            "/v1/purchases", data=b'{"country_code":"US"}', headers={**KEY, "content-type": "application/json"}
        ) as made:
            number = made.json()["id"]
        self.client.post(f"/v1/purchases/{number}/request-code", headers=KEY, name="request-code")
        self.client.get(f"/v1/purchases/{number}", headers=KEY, name="retrieve")
