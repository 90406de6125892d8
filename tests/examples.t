#!/bin/bash
# Every command among the EXAMPLES of the man pages and of -h runs as it stands, in a directory with the files it names.
. "$(dirname "$0")/tap.sh"
[ "${CONF:-}" = asan ] && skip_all "under the sanitizers programs are tested one by one"
. "$(dirname "$0")/tiny.sh"

python=/usr/bin/python3
"$python" -c 'import PIL' 2> /dev/null || skip_all "python3-pil is not installed"
mkdir "$T/work" "$T/bin"
cd "$T/work" || exit 1

# The examples train on data sets of real size; here it is two steps of two images. Everything else is as they say.
real=$(command -v trainstep)
cat > "$T/bin/trainstep" << END
#!/bin/bash
[ "\$1" = --position ] && exec "$real" "\$@"
exec "$real" "\$@" -b 2 --steps 2 --warmup 0 --save-every 1 --keep 2 -j1
END
chmod +x "$T/bin/trainstep"
PATH=$T/bin:$PATH

# The files that examples name.
prepare() {
	coco-synth -q -o drawn -n 8 --size 96x64 --classes 3
	coco-synth -q -o drawn-val -n 3 --size 96x64 --classes 3 --seed 1
	ln -s drawn/images train
	ln -s drawn-val/images val
	cp drawn/instances.json train.json
	tee instances_val2017.json < drawn-val/instances.json > val.json
	cp val/000001.jpg photo1.jpg
	cp val/000002.jpg photo2.jpg
	mkdir -p coco8/{images,labels}/train cifar-10-batches-bin
	cp drawn/images/*.jpg coco8/images/train
	echo "0 0.5 0.5 0.25 0.25" > coco8/labels/train/000001.txt
	echo "names: [disc, square]" > coco8/data.yaml
	head -c 30730 /dev/zero > cifar-10-batches-bin/test_batch.bin
	cp -r drawn-val/images photos
	mkdir -p pictures SegmentationClass found imagenet/train
	cp -r drawn/images imagenet/train/n01440764
	cp -r drawn-val/images imagenet/train/n01443537
	mkdir -p duel
	printf 'method,scheme,fraction,seed,step,AP\nscratch,1,0.2,0,500,0.312\nselftrain,1,0.2,0,500,0.334\n' > duel/figures.csv
	printf 'image_id,label\n1,cat\n2,dog\n3,\n' > labels.csv
	printf 'image_id,cat,dog\n1,0.9,0.1\n2,0.3,0.7\n3,0.5,0.5\n' > scores.csv
	coco-pack -q train.json --images train -o train.pack
	coco-pack -q val.json --images val -o val.pack
	coco-pack -q val.json --images val --tar shard-0.tar
	cp shard-0.tar shard-1.tar
	cp train.pack human.pack
	cp train.pack damaged.pack
	printf 'damage' | dd status=none conv=notrunc of=damaged.pack bs=1 seek=$(($(stat -c %s damaged.pack) / 2))
	cp train.pack pseudo.pack
	augment -q -s0 --size 64 train.pack | trainstep -q -m "$MODEL" -o m.safetensors
	cp m.safetensors m1.safetensors
	cp m.safetensors m2.safetensors
	cp m.safetensors m3.safetensors
	coco-pack -q imagenet/train | augment -q -s0 --size 64 | trainstep -q -m classify-resnet18-bn -o r18.safetensors
	ckpt export -o resnet18.pth r18.safetensors
	coco-pack -q imagenet/train | tee classes-val.pack > classes.pack
	predict -q -m m.safetensors val.pack --coco-json results.json
	jq "map(select(.image_id % 2 == 0))" results.json > shard0.json
	jq "map(select(.image_id % 2 == 1))" results.json > shard1.json
	predict -q -m m.safetensors val.pack -o found.stream
	cp found.stream detections.stream
	"$python" - << 'END'
import json, os
from PIL import Image
data = json.load(open("val.json"))
os.makedirs("trimaps")
os.makedirs("panoptic")
for image in data["images"]:
    stem, size = image["file_name"][:-4], (image["width"], image["height"])
    Image.new("L", size, 2).save(f"trimaps/{stem}.png")
    Image.new("RGB", size, (7, 0, 0)).save(f"panoptic/{stem}.png")
data["annotations"] = [{"image_id": i["id"], "file_name": i["file_name"][:-4] + ".png", "segments_info": [
    {"id": 7, "category_id": data["categories"][0]["id"], "bbox": [0, 0, i["width"], i["height"]]}]} for i in data["images"]]
json.dump(data, open("panoptic_val.json", "w"))
data = json.load(open("train.json"))
names = {c["id"]: c["name"] for c in data["categories"]}
for voc, lists in ("VOC2007", ["test"]), ("VOC2012", ["train", "val", "trainval"]):
    for directory in "Annotations", "ImageSets/Main":
        os.makedirs(f"{voc}/{directory}")
    os.symlink("../train", f"{voc}/JPEGImages")
    os.makedirs(f"{voc}/ImageSets/Segmentation")
    os.makedirs(f"{voc}/SegmentationClass")
    for i in data["images"]:
        Image.new("L", (i["width"], i["height"]), 15).save(f"{voc}/SegmentationClass/{i['file_name'][:-4]}.png")
    with open(f"{voc}/ImageSets/Segmentation/train.txt", "w") as file:
        file.write("".join(i["file_name"][:-4] + "\n" for i in data["images"]))
    for which in lists:
        with open(f"{voc}/ImageSets/Main/{which}.txt", "w") as file:
            file.write("".join(i["file_name"][:-4] + "\n" for i in data["images"]))
    for i in data["images"]:
        objects = "".join(
            f"<object><name>{names[a['category_id']]}</name><difficult>0</difficult><bndbox><xmin>{int(x) + 1}</xmin>"
            f"<ymin>{int(y) + 1}</ymin><xmax>{int(x + w)}</xmax><ymax>{int(y + h)}</ymax></bndbox></object>"
            for a in data["annotations"] if a["image_id"] == i["id"] for x, y, w, h in [a["bbox"]])
        with open(f"{voc}/Annotations/{i['file_name'][:-4]}.xml", "w") as file:
            file.write(f"<annotation><filename>{i['file_name']}</filename><size><width>{i['width']}</width>"
                       f"<height>{i['height']}</height><depth>3</depth></size>{objects}</annotation>")
for directory in "SegmentationClass", "found":
    for name in "a", "b":
        image = Image.new("P", (8, 6), 1)
        image.putpalette([0, 0, 0, 128, 0, 0])
        image.save(f"{directory}/{name}.png")
END
}
prepare > "$T/prepared" 2>&1
is $? 0 "the files of the examples are made"
sed 's/^/# /' "$T/prepared"

# commands: lines that end in | or \ go on in the next; each command becomes one line.
commands() {
	awk '{ sub(/^ +/, ""); whole = whole $0 } /\|$/ { whole = whole " "; next } /\\$/ { sub(/\\$/, "", whole); next }
		whole != "" { print whole } { whole = "" }'
}

# The displays of a page's EXAMPLES: .Dl lines, and the lines between .Bd and .Ed.
of_page() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" | sed -n 's/^\.Dl //p; /^\.Bd/,/^\.Ed/{/^\./d; p}' | sed 's/\\e/\\/g'
}

# run NAME COMMAND: unless it ran before (evalap-decide.t runs those on instances.json); all of the pipeline's programs end well; who is upstream may be told that nobody reads on.
declare -A seen
run() {
	[ -z "${seen[$2]:-}" ] && [[ $2 != *"-g instances.json"* ]] || return
	seen[$2]=1
	case $2 in *--resume*) cp m.state-00000001 m.state ;; esac
	# shellcheck disable=SC2016
	printf '%s\nfor status in "${PIPESTATUS[@]}"; do\n[ "$status" = 0 ] || [ "$status" = 141 ] || exit "$status"\ndone\n' "$2" > "$T/example"
	bash "$T/example" > "$T/out" 2> "$T/said" < /dev/null
	local status=$?
	# What a salvage says by its exit status is that something was lost.
	case $2:$status in *"tstream salvage"*:4) status=0 ;; esac
	report $status "$1: $2"
	[ $status = 0 ] || sed 's/^/# /' "$T/said" | tail -n 5
}

for page in "$ROOT"/man/*.1; do
	name=$(basename "$page" .1)
	of_page "$page" | commands > "$T/of-page"
	"$name" -h | sed '1,/^examples:/d' | commands > "$T/of-help"
	ok "$name has examples in both places" test -s "$T/of-page" -a -s "$T/of-help"
	while read -r command; do
		run "$name(1)" "$command"
	done < "$T/of-page"
	while read -r command; do
		run "$name -h" "$command"
	done < "$T/of-help"
done
done_testing
