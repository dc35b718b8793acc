import sys
from bench.seed import prepare
s,f=prepare(int(sys.argv[1]),print); print(f)
s.leave()
