"""HTTP/1.1 on gevent's event loop without a greenlet switch per answer: what carries the load."""
