"""Makes cdnow-orders.csv.gz from the CDNOW data set of the PyPI wheel Lifetimes==0.11.3.

    pip download --no-deps Lifetimes==0.11.3
    python3 infra/data/cdnow.py Lifetimes-0.11.3-py3-none-any.whl

The same wheel gives the same rows in the same order; the gzip header holds no time and no name.
"""

import gzip
import hashlib
import pathlib
import sys
import zipfile

WHEEL_SHA256 = "261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"
TARGET = pathlib.Path(__file__).parent / "cdnow-orders.csv.gz"
ROWS, FREE = 69_659, 80


def order(line: str) -> str:
    """`00002 19970112  5   77.00` becomes `1997-01-12T00:00:00Z,00002,5 CDs,5,77.00`."""
    customer, day, quantity, price = line.split()
    ordered_at = f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00Z"
    product = "1 CD" if quantity == "1" else f"{quantity} CDs"
    return f"{ordered_at},{customer},{product},{quantity},{price}"


def main(wheel: pathlib.Path) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != WHEEL_SHA256:
        sys.exit(f"{wheel} is not Lifetimes 0.11.3: its sha256 is {digest}, not {WHEEL_SHA256}.")
    with zipfile.ZipFile(wheel) as archive:
        lines = archive.read(MEMBER).decode("ascii").splitlines()[1:]
    orders = [order(line) for line in lines if line.strip()]
    free = sum(row.endswith(",0.00") for row in orders)
    if (len(orders), free) != (ROWS, FREE):
        sys.exit(f"{MEMBER} has {len(orders)} orders, {free} of them free; {ROWS} and {FREE} were expected.")
    text = "\n".join(["ordered_at,customer,product,quantity,price", *orders, ""])
    TARGET.write_bytes(gzip.compress(text.encode("ascii"), compresslevel=9, mtime=0))
    print(f"{TARGET}: {len(orders)} orders, {free} of value 0.00")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
