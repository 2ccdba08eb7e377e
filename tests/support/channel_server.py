"""A conda channel on the loopback interface: files of folders, and the faults that a test wants."""

from pathlib import Path

from loopback import Loopback


class ChannelServer(Loopback):
    methods = ("GET", "HEAD")

    def __init__(self):
        self.folders = {}
        """First part of the path -> folder."""
        self.cut = {}
        """File name -> how many of its bytes are really sent."""
        self.authorizations = []
        super().__init__()

    def serve(self, prefix, folder):
        """Serve ``folder`` below ``/prefix``; returns that address."""
        self.folders[prefix] = Path(folder)
        return f"{self.url}/{prefix}"

    def answer(self, request):
        self.authorizations.append(request.headers.get("Authorization"))
        path = next(
            (
                folder / request.path.removeprefix(f"/{prefix}/")
                for prefix, folder in self.folders.items()
                if request.path.startswith(f"/{prefix}/")
            ),
            None,
        )
        exists = path is not None and path.is_file()
        body = path.read_bytes() if exists else b""
        request.send_response(200 if exists else 404)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command == "GET":
            sent = self.cut.get(request.path.rsplit("/", 1)[1], len(body))
            request.wfile.write(body[:sent])
            request.close_connection = sent < len(body)
