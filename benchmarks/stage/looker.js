// A k6 script that looks at one purchase and checks one value of its JSON.
import http from "k6/http";
import { check } from "k6";

export const options = { insecureSkipTLSVerify: true };

export default function () {
  const answer = http.get(`${__ENV.TARGET}/v1/purchases/7`, { headers: { "x-api-key": "benchmark-key" } });
  check(answer, { "is a success": (a) => a.json("status") === "SUCCESS" });
}
