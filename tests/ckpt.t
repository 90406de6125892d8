#!/bin/bash
# Weights in and out: the files of torch.save(), good and hostile; import, export, average, diff, set-classes.
. "$(dirname "$0")/tap.sh"
. "$(dirname "$0")/tiny.sh"

python=/usr/bin/python3
"$python" -c 'import numpy' 2> /dev/null || skip_all "python3-numpy is not installed"
check() {
	"$python" "$ROOT/tests/ckpt_check.py" "$@"
}
has_torch() {
	"$python" -c 'import torch, torchvision' 2> /dev/null
}

# Files written by hand: what can be read has the same tensors, what cannot is refused with its reason.
mkdir "$T/made"
"$python" "$ROOT/tests/pickle_make.py" "$T/made"
cd "$T" || exit 1
for file in made/*.pth; do
	want=$(cat "${file%.pth}.want") name=$(basename "$file" .pth)
	if [ -n "$want" ]; then
		fails_with 1 "$want" ckpt ls "$file"
		continue
	fi
	ckpt export -o out.safetensors "$file"
	is "$(check read_small out.safetensors)" "[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] 7" "$name is read"
done
is "$(find . -name pwned)" "" "nothing was called"
for size in 0 1 5 20 100 200 300 400; do
	head -c $size made/zip.pth > cut.pth
	fails_with 1 "cut.pth" ckpt ls cut.pth
done
is "$(ckpt ls --json made/half.pth | jq -c '[.tensors.w, .tensors.n, .elements]')" '[{"dtype":"f16","shape":[2,3]},{"dtype":"i64","shape":[]},7]' \
	"ls says types as they are in the file"
is "$(ckpt ls made/zip.pth | head -n 3)" "n     i64   []              1
w     f32   [2 3]           6
2 tensors, 7 elements" "a table"
is "$(ckpt ls made/zip.pth made/half.pth | grep -c pth:)" 2 "several files"

# A model to work on: small, from a file of no weights at all.
NET=classify-resnet20-cifar-bn
ok "a model from nothing" ckpt import -q -m $NET --classes a,b,c --size 32x32 --allow-missing '*' --allow-extra '*' -o m.safetensors made/zip.pth
is "$(ckpt ls m.safetensors | grep -E '^(model|preprocess|linear.weight)' | tr -s ' ' | tr '\n' '|')" \
	"linear.weight f32 [3 64] 192|model: $NET|preprocess: size=32x32|" "has the model's tensors and metadata"
ckpt export -o m.pth m.safetensors
ok "what is exported is imported" ckpt import -m $NET --classes a,b,c --size 32x32 -o again.safetensors m.pth
ok "and the same" cmp m.safetensors again.safetensors
ckpt export -o same.pth m.safetensors
ok "same tensors, same bytes" cmp m.pth same.pth
is "$(ckpt diff m.safetensors m.pth | tail -n 1 | cut -d, -f1,2)" "116 tensors equal, 0 differ" "diff finds none"
ckpt import -q -m $NET -o n.safetensors m.pth
is "$(ckpt ls --json n.safetensors | jq -r '.metadata.classes | fromjson | map("\(.id) \(.name)") | join(",")')" "0 0,1 1,2 2" \
	"classes that nobody names are numbered"
for seed in 1 2; do
	check spoil m.safetensors m$seed.safetensors $seed
done
ckpt average -o mean.safetensors m.safetensors m1.safetensors m2.safetensors
is "$(check mean mean.safetensors 0 m.safetensors m1.safetensors m2.safetensors)" same "average is the mean"
is "$(ckpt ls --json mean.safetensors | jq -c '.metadata | del(.xxh3)')" "$(ckpt ls --json m.safetensors | jq -c '.metadata | del(.xxh3)')" "of the same model"
ckpt average --decay 0.9 -o ema.safetensors m.safetensors m1.safetensors m2.safetensors
is "$(check mean ema.safetensors 0.9 m.safetensors m1.safetensors m2.safetensors)" same "or a moving average"
is "$(ckpt diff m.safetensors m1.safetensors | tail -n 1 | cut -d, -f1-3 | cut -d';' -f1)" "0 tensors equal, 116 differ, 0 without a partner" "diff tells files apart"
is "$(ckpt diff made/zip.pth made/half.pth)" "2 tensors equal, 0 differ, 0 without a partner; max abs 0, max rel 0" "whatever holds the values"
is "$(ckpt diff --max-abs 1e-9 m.safetensors m1.safetensors > /dev/null; echo $?)" 3 "a limit that is broken is exit 3"
is "$(ckpt diff --max-rel 1e-9 m.safetensors m1.safetensors > /dev/null; echo $?)" 3 "that of the norm, too"
is "$(ckpt diff --max-rel 1 m.safetensors made/zip.pth > /dev/null; echo $?)" 3 "and one without partners"
ok "limits that hold" ckpt diff --max-abs 0 --max-rel 0 made/zip.pth made/half.pth
like "$(ckpt diff made/zip.pth m.pth)" "only in 'm.pth'" "and says what only one has"
ckpt set-classes --classes c,d,a --seed 3 -o s.safetensors m1.safetensors 2> said
is "$(check rows m1.safetensors s.safetensors linear)" "c d a" "classes of the same name keep their rows"
like "$(cat said)" "linear .*2 of 3 classes: c, a" "and it says which"
printf 'a\nb\n' > names.txt
printf '{"categories":[{"id":7,"name":"b"}],"images":[]}' > names.json
ckpt set-classes -q --classes-from names.txt -o t.safetensors m1.safetensors
is "$(check rows m1.safetensors t.safetensors linear)" "a b" "names from text"
ckpt set-classes -q --classes-from names.json -o t.safetensors m1.safetensors
is "$(check rows m1.safetensors t.safetensors linear) $(ckpt ls t.safetensors | grep classes:)" 'b classes: [{"id":7,"name":"b"}]' "names and ids from COCO JSON"
ckpt set-classes -q --classes-from s.safetensors -o t.safetensors m1.safetensors
is "$(check rows m1.safetensors t.safetensors linear)" "c d a" "names from a model"

# What does not fit.
fails_with 1 "missing: linear.bias \[3\]" ckpt import -m $NET --classes a,b,c --prefix no. -o x.safetensors m.pth
fails_with 1 "extra: w \[2 3\]" ckpt import -m $NET --classes a --allow-missing '*' -o x.safetensors made/zip.pth
fails_with 1 "mismatch: linear.weight is f32 \[3 64\] in the file, the model has f32 \[2 64\]" ckpt import -m $NET --classes a,b -o x.safetensors m.pth
fails_with 1 "2 tensors, see above" ckpt import -m $NET --classes a,b -o x.safetensors m.pth
ok "nothing is written then" test ! -e x.safetensors
ok "a new head where that is allowed" ckpt import -q -m $NET --classes a,b --allow-mismatch 'linear.*' -o x.safetensors m.pth
fails_with 1 "no layer|no last layer" ckpt import -m $NET --allow-missing '*' --allow-extra '*' -o y.safetensors made/zip.pth
fails_with 1 "'classify-resnet19-bn'|there is no resnet19" ckpt import -m classify-resnet19-bn -o y.safetensors m.pth
fails_with 1 "there is no resnet18-cifar" ckpt import -m classify-resnet18-cifar-bn -o y.safetensors m.pth
fails_with 1 "16 channels do not divide into 32 groups" ckpt import -m classify-resnet20-cifar-gn -o y.safetensors m.pth
fails_with 1 "names no classes" ckpt import -m $NET --classes-from made/zip64.want -o y.safetensors m.pth
fails_with 1 "is no file" ckpt import -m $NET --classes-from <(echo a) -o y.safetensors m.pth
fails_with 1 "class 'a' comes twice" ckpt import -m $NET --classes a,a -o y.safetensors m.pth
fails_with 1 "scheme" ckpt import -m $NET --size 32 --scheme nonsense -o y.safetensors m.pth
fails_with 1 "give --size, too" ckpt import -m $NET --scheme crop -o y.safetensors m.pth
fails_with 1 "size" ckpt import -m $NET --size 0 -o y.safetensors m.pth
fails_with 1 "is for detectors" ckpt import -m $NET --backbone -o y.safetensors m.pth
fails_with 1 "preset 'tpu' is for detectors" ckpt import -m $NET --preset tpu -o y.safetensors m.pth
fails_with 1 "not a safetensors file" ckpt ls names.json
fails_with 1 "cannot open" ckpt ls nothing.pth
fails_with 1 "differ in classes" ckpt average -o y.safetensors m.safetensors n.safetensors
fails_with 1 "has no tensor 'n'" ckpt average -o y.safetensors made/zip.pth m.pth
fails_with 1 "has no averages" ckpt export --ema -o y.pth m.safetensors
ln -s /dev/full full.pth
fails_with 1 "No space" ckpt export -o full.pth m.safetensors
fails_with 2 "needs -m" ckpt import -o y.safetensors m.pth
fails_with 2 "needs -o" ckpt export m.safetensors
fails_with 2 "named .pth, .pt or .safetensors" ckpt export -o y.txt m.safetensors
fails_with 2 "diff takes two files" ckpt diff m.pth
fails_with 2 "ls has no --output" ckpt ls -o x m.pth
fails_with 2 "needs --classes" ckpt set-classes -o y.safetensors m.safetensors
fails_with 2 "two answers" ckpt set-classes --classes a --classes-from names.txt -o y.safetensors m.safetensors

# Of a training state the values or the averages.
mkdir -p folders/a folders/b
cp set/images/000001.jpg set/images/000002.jpg folders/a
cp set/images/000003.jpg set/images/000004.jpg folders/b
coco-pack -q folders | augment -q -s0 --size 32 | trainstep -q -j1 -m $NET -b 2 --steps 2 --ema 0.5 --warmup 0 -o run.safetensors
ckpt export --ema -o average.pth run.state
ckpt export -o value.pth run.state
is "$(ckpt diff run.safetensors average.pth | tail -n 1 | cut -d, -f1,2)" "116 tensors equal, 0 differ" "the averages are what the model file holds"
like "$(ckpt diff run.safetensors value.pth | tail -n 1)" "[1-9][0-9]* differ, 0 without" "the values are others"

# Weights that are in use: as many right as PyTorch has on these files.
weights=$DATA/weights/cifar10-resnet-akamaster/pretrained_models
if [ -d "$weights" ] && [ -d "$DATA/cifar10/test" ]; then
	coco-pack -q "$DATA/cifar10/test" -o test.pack
	classes=airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck
	wants=(20:0.801 56:0.824)
	[ "${CONF:-}" = asan ] && wants=(20:0.801)
	for want in "${wants[@]}"; do
		ckpt import -q -m "classify-resnet${want%:*}-cifar-bn" --size 32x32 --classes $classes -o cifar.safetensors "$weights"/resnet"${want%:*}"-*.th
		got=$(predict -q -m cifar.safetensors test.pack | evalap -q -t classify --json -g test.pack - | jq '.stats[0]')
		ok "ResNet-${want%:*} of CIFAR-10 is right on ${want#*:} of the images ($got)" \
			jq -en "($got - ${want#*:} | fabs) <= 0.0011"
	done
else
	echo "# $weights is not there"
fi

# Norms that were made for another eps.
ok "--norm-eps 0" ckpt import -q -m $NET --classes a,b,c --norm-eps 0 -o eps.safetensors m.pth
is "$(check variances m.safetensors eps.safetensors -1e-5)" "True" "1e-5 goes from the variances, and the rest stays"
fails_with 1 "norm-eps is for the preset torchvision" ckpt import -m retinanet-resnet18-fpn-frozenbn --preset tpu --classes a --norm-eps 0 -o y.safetensors m.pth

# Both ways with PyTorch.
if has_torch; then
	check save m.safetensors "$T/torch"
	for form in zip legacy double strides parameter; do
		ok "torch.save, $form" ckpt import -q -m $NET -o t-$form.safetensors torch-$form.pth
	done
	is "$(check forms torch-zip.pth t-*.safetensors)" "True True True True True" "all have the file's values"
	like "$(ckpt ls torch-legacy.pth)" "^epoch: 3" "numbers beside the tensors are metadata"
	like "$(ckpt ls torch-attributes.pth)" "2 tensors, 6 elements" "a state_dict() has attributes, which are passed over"
	fails_with 1 "global 'torch.nn.modules.linear.Linear'" ckpt ls torch-module.pth
	ok "a classifier" ckpt import -q -m classify-resnet18-bn --classes a,b,c --allow-missing '*' --allow-extra '*' -o c.safetensors made/zip.pth
	ckpt export -o c.pth c.safetensors
	fails_with 1 "missing: backbone" ckpt import -m retinanet-resnet18-fpn-frozenbn --classes a,b -o y.safetensors c.pth
	ok "a classifier's backbone" ckpt import -q -m retinanet-resnet18-fpn-frozenbn --classes a,b --backbone -o d.safetensors c.pth
	is "$(check classifier c.pth c.safetensors d.safetensors)" "True True" "torchvision's resnet18 takes the classifier; the backbone is the detector's"
	printf '{"categories":[{"id":4,"name":"x"},{"id":1,"name":"y"},{"id":2,"name":"z"}]}' > ids.json
	NET=retinanet-resnet50-fpn-frozenbn
	ok "rows by ids" ckpt import -q -m $NET --classes-from ids.json --rows-by-id -o t.safetensors torch-detector.pth
	ckpt export -o t.pth t.safetensors
	is "$(check detector torch-detector.pth t.safetensors t.pth)" "x y z True True True" \
		"are the classes'; the rest is the file's; torchvision's retinanet_resnet50_fpn takes what is exported"
	printf '{"categories":[{"id":5,"name":"x"}]}' > ids.json
	fails_with 1 "has the id 5, but" ckpt import -m $NET --classes-from ids.json --rows-by-id -o y.safetensors torch-detector.pth
else
	echo "# python3-torch is not installed"
fi
done_testing
