# shellcheck shell=bash
# tiny: what the tests of training share: 16 drawn pictures of 64x64 and a small detector that learns them.
# To be sourced after tap.sh, which sets $T.

MODEL=retinanet-resnet18-fpn-gn
# Models are of 77 MB and written to the disk with every save; memory, where there is much, is kinder.
if [ "$(df --output=avail -k /dev/shm 2> /dev/null | tail -n 1)" -gt 6000000 ] 2> /dev/null && [ -w /dev/shm ]; then
	rm -rf "$T"
	T=$(mktemp -d -p /dev/shm)
fi
# One thread each, so that a busy machine costs time only once; 4 epochs are 64 samples, 32 steps of 2.
source_options=(--images "$T/set/images" --shuffle --epochs 4 --seed 1)
train_options=(-q -j1 -m "$MODEL" -b 2 --lr 0.002 --warmup 0 --decay constant --anchor-size 16)
export OPENBLAS_NUM_THREADS=1

if ! coco-synth -q -o "$T/set" -n 16 --size 64x64 --classes 3 --objects 3 --seed 3; then
	echo "Bail out! coco-synth fails"
	exit 1
fi

# source_stream OPTIONS...: encoded samples, then pixels.
source_stream() {
	coco-pack -q "$T/set/instances.json" "${source_options[@]}" "$@"
}

pixel_stream() {
	source_stream "$@" | augment -q -s0 --size 64 --seed 2
}

train() {
	trainstep "${train_options[@]}" "$@"
}

# sums FILE...: the hashes, without names; of a file that is missing something that equals nothing.
sums() {
	local file
	for file; do
		if [ -f "$file" ]; then
			sha256sum < "$file"
		else
			echo "no $file $BASHPID"
		fi
	done
}

# kill_after FILE COMMAND...: begin it, and kill it with all its children when the file is there.
kill_after() {
	local file=$1 job i
	shift
	set -m
	"$@" > /dev/null 2>&1 &
	job=$!
	set +m
	for ((i = 0; i < 600; i++)); do
		[ -e "$file" ] && break
		sleep 0.1
	done
	kill -9 -- -$job
	wait $job 2> /dev/null
}

# has_bf16: this processor multiplies bf16.
has_bf16() {
	grep -q avx512_bf16 /proc/cpuinfo
}

# tensors FILE: the header of a safetensors file as JSON.
tensors() {
	local size
	size=$(od -An -t u8 -N 8 "$1" | tr -d ' ')
	tail -c +9 "$1" | head -c "$size"
}
