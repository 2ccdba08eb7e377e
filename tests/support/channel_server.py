"""A conda channel on the loopback interface: files of folders, and the faults that a test wants."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class ChannelServer:
    def __init__(self):
        self.folders = {}
        """First part of the path -> folder."""
        self.cut = {}
        """File name -> how many of its bytes are really sent."""
        self.authorizations = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.answer(self, with_body=True)

            def do_HEAD(self):
                owner.answer(self, with_body=False)

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def serve(self, prefix, folder):
        """Serve ``folder`` below ``/prefix``; returns that address."""
        self.folders[prefix] = Path(folder)
        return f"{self.url}/{prefix}"

    def answer(self, request, *, with_body):
        self.authorizations.append(request.headers.get("Authorization"))
        path = next(
            (
                folder / request.path.removeprefix(f"/{prefix}/")
                for prefix, folder in self.folders.items()
                if request.path.startswith(f"/{prefix}/")
            ),
            None,
        )
        found = path is not None and path.is_file()
        body = path.read_bytes() if found else b""
        request.send_response(200 if found else 404)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if with_body:
            sent = self.cut.get(request.path.rsplit("/", 1)[1], len(body))
            request.wfile.write(body[:sent])
            request.close_connection = sent < len(body)
