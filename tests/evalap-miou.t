#!/bin/bash
# evalap -t miou: label maps in directories; bad maps; random ones against numpy.
. "$(dirname "$0")/tap.sh"
python=/usr/bin/python3
"$python" -c 'import numpy, PIL' 2> /dev/null || skip_all "python3-numpy or python3-pil is not installed"

# png PATH MODE WIDTH VALUES: one label map or another image.
png() {
	"$python" -c 'import sys; from PIL import Image
path, mode, width, values = sys.argv[1], sys.argv[2], int(sys.argv[3]), [eval(v) for v in sys.argv[4].split()]
image = Image.new(mode, (width, len(values) // width)); image.putdata(values)
if mode == "P": image.putpalette(3 * list(range(256)))
image.save(path)' "$@"
}
mkdir "$T/gt" "$T/dt"
png "$T/gt/a.png" P 3 "0 0 1 1 255 1"
png "$T/dt/a.png" L 3 "0 1 1 1 0 0"
png "$T/gt/b.png" L 2 "3 3"
png "$T/dt/b.png" P 2 "3 1"
# Class 0: 1 / (1 + 1 + 1); 1: 2 / (2 + 2 + 1); 3: 1 / 2; 2 is nowhere. Right: 4 of 7.
is "$(evalap -t miou -g "$T/gt" --per-class "$T/dt" | sed 's/.*(/(/')" "(mIoU) = 0.411
(pAcc) = 0.571
(mAcc) = 0.556
 category   pixels      IoU accuracy
 0               2    33.33    50.00
 1               3    40.00    66.67
 2               0        -        -
 3               2    50.00    50.00" "two images, a class that is nowhere"
is "$(evalap -j1 -t miou --json -g "$T/gt" "$T/dt")" "$(evalap -j4 -t miou --json -g "$T/gt" "$T/dt")" "threads make no difference"

png "$T/dt/more.png" L 2 "3 3"
echo text > "$T/dt/notes.txt"
like "$(evalap -t miou -g "$T/gt" "$T/dt" 2>&1 > /dev/null)" 'warning: left out 1 file.*the ground truth does not have' "a result too many is said"
rm "$T/dt/more.png"
png "$T/dt/b.png" P 2 "3 255"
like "$(evalap -t miou -g "$T/gt" "$T/dt" 2>&1 > /dev/null)" 'warning: 1 pixel.*are 255' "results without an answer are said"

bad() {
	fails_with 1 "^evalap: .*$1" evalap -t miou -g "$T/gt" "$T/dt"
}
png "$T/dt/b.png" L 1 "3 1"
bad "the result has 1 x 2 pixels.*the ground truth 2 x 1.*'b.png'"
png "$T/dt/b.png" RGB 2 "(1,1,1) (2,2,2)"
bad "in colours.*/dt/b.png'"
png "$T/dt/b.png" LA 2 "(1,1) (2,2)"
bad "has transparency.*/dt/b.png'"
png "$T/dt/b.png" I 2 "300 400"
bad "16 bits a pixel.*/dt/b.png'"
"$python" -c 'import sys; from PIL import Image; Image.new("L", (2, 1)).save(sys.argv[1], "JPEG")' "$T/dt/b.png"
bad "/dt/b.png' is not a PNG file"
head -c 50 "$T/gt/b.png" > "$T/dt/b.png"
bad "png: .*/dt/b.png'"
rm "$T/dt/b.png"
bad "cannot open '.*/dt/b.png'"
mkdir "$T/empty"
fails_with 1 "there are no PNG files in '.*/empty'" evalap -t miou -g "$T/empty" "$T/dt"
fails_with 1 "is a directory and .* is not" evalap -t miou -g "$T/gt" "$T/gt/a.png"
fails_with 1 "cannot open '.*/none'" evalap -t miou -g "$T/none" "$T/gt/a.png"
fails_with 2 'does not go with -t miou' evalap -t miou -g "$T/gt" --rule voc2007 "$T/dt"

ok "40 random sets of label maps as numpy counts them" "$python" "$ROOT/tests/eval_miou.py" "$(command -v evalap)" 40 1
done_testing
