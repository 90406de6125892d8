#!/bin/bash
# textbook.sh DIR: fine-tuning as the textbook does it, against probes and against training from random weights.
#
# ResNet-20 with its weights of CIFAR-10 gets a new head for two classes of Tiny ImageNet, whose images of 64 pixels it sees
# at 32. Ten pairs of classes, 150 images of each to train and 20 to evaluate, seeds 0 to 2 for the head, the order and the
# augmentation. All are trained with plain SGD and equally many steps:
#
#     fine-tune  all weights with a rate of 0.01, the head with 0.1
#     probe      the head alone with 0.1, all that was copied stays
#     scratch    random weights, everything with 0.1
#     logistic   for comparison, pipelines/probe.sh: a logistic regression on the features of unaugmented images; has no seed
#
# Source of the recipe: Zhang et al., Dive into Deep Learning, section Fine-Tuning, the rates of its first edition.
#
# What is trained is kept in DIR; run again after a kill, it goes on. JOBS cells run at a time (one for each processor), with a
# thread each, so that their number does not matter to the result.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
root=$here/../..
export BIN=${BIN:-$root/build/release/bin} OMP_NUM_THREADS=1
PATH=$BIN:$PATH
data=${COCOPIPE_DATA:-$root/../shared/data}
weights=$data/weights/cifar10-resnet-akamaster/pretrained_models/resnet20-12fca82f.th
images=$data/tinyimagenet100

[ $# = 1 ] || { echo "usage: textbook.sh DIR" >&2; exit 2; }
for file in "$weights" "$images/train" "$images/val"; do
	[ -e "$file" ] || { echo "textbook.sh: skipped: $file is not there"; exit 0; }
done
out=$1
jobs=${JOBS:-$(nproc)}
pairs=10 seeds=3

net=classify-resnet20-cifar-bn
look=(--scheme crop --size 32 --epochs 15 --batch 32)
sgd=(--momentum 0 --weight-decay 0.001 --warmup 0 --decay constant)

# Of all classes in order of their names, pair k is the first and the sixth of the k-th ten.
make_pair() {
	local part class
	for part in train val; do
		[ ! -e "$out/pairs/$1.$part.pack" ] || continue
		rm -rf "$out/pairs/$1.$part"
		mkdir -p "$out/pairs/$1.$part"
		for class in "${classes[10 * $1]}" "${classes[10 * $1 + 5]}"; do
			ln -s "$(realpath "$images")/$part/$class" "$out/pairs/$1.$part/$class"
		done
		coco-pack -q "$out/pairs/$1.$part" -o "$out/pairs/$1.$part.pack"
	done
}

# train METHOD PAIR SEED DIR
train() {
	local from=(-o "$4" --train "$out/pairs/$2.train.pack" --val "$out/pairs/$2.val.pack")
	local init=(--init "$out/cifar10.safetensors")
	case $1 in
	fine-tune) "$root/pipelines/finetune.sh" "${from[@]}" "${init[@]}" --model $net "${look[@]}" --seed "$3" -- \
		"${sgd[@]}" --lr 0.01 --lr-mult linear=10 ;;
	probe) "$root/pipelines/finetune.sh" "${from[@]}" "${init[@]}" --model $net "${look[@]}" --seed "$3" -- \
		"${sgd[@]}" --lr 0.1 --train-only linear ;;
	scratch) "$root/pipelines/pretrain.sh" "${from[@]}" --model $net "${look[@]}" --seed "$3" -- "${sgd[@]}" --lr 0.1 ;;
	logistic) "$root/pipelines/probe.sh" "${from[@]}" "${init[@]}" --layer layer3 ;;
	esac
}

# cell METHOD PAIR SEED: the accuracy into DIR/cells/METHOD-PAIR-SEED.
cell() {
	local name=$1-$2-$3
	if ! train "$@" "$out/work/$name" > "$out/$name.said" 2>&1; then
		echo "textbook.sh: $name failed:" >&2
		tail -n 5 "$out/$name.said" >&2
		touch "$out/failed"
		return
	fi
	sed -n 's/.*(top1) = //p; s/^accuracy *\([0-9.]*\) .*/\1/p' "$out/work/$name/"*result.txt > "$out/work/$name/accuracy"
	mv "$out/work/$name/accuracy" "$out/cells/$name"
	rm -r "$out/work/$name" "$out/$name.said"
	echo "$name: $(cat "$out/cells/$name")" >&2
}

# pairs_of CSV: of lines METHOD PAIR SEED ACCURACY the means over the seeds, a line a pair, how many pairs fine-tuning wins, and the
# pooled deviation over the seeds of a pair. The means also go into CSV for evalap grid, which shall take a pair for a seed.
pairs_of() {
	awk -v csv="$1" -v pairs=$pairs '
	{ n[$1, $2]++; sum[$1, $2] += $4; square[$1, $2] += $4 ^ 2 }
	END {
		m = split("scratch probe logistic fine-tune", method, " ")
		print "method,scheme,fraction,seed,step,AP" > csv
		printf "pair"
		for (i = 1; i <= m; i++) {
			printf "  %9s", method[i]
			for (p = 0; p < pairs; p++) {
				k = n[method[i], p]
				mean[i, p] = sum[method[i], p] / k
				within[i] += k > 1 ? (square[method[i], p] - k * mean[i, p] ^ 2) / (k - 1) / pairs : 0
				printf "%s,0,1,%d,1,%.9g\n", method[i], p, mean[i, p] > csv
			}
		}
		for (p = 0; p < pairs; p++) {
			printf "\n%4d", p
			for (i = 1; i <= m; i++) {
				printf "  %9.4f", mean[i, p]
				won[i] += mean[m, p] > mean[i, p] + 1e-9
				lost[i] += mean[m, p] < mean[i, p] - 1e-9
			}
		}
		printf "\n\n"
		for (i = 1; i < m; i++)
			printf "fine-tune against %s: %d pairs won, %d lost\n", method[i], won[i], lost[i]
		for (i = 1; i <= m; i++)
			if (within[i] > 0)
				printf "%s: deviation over seeds %.4f\n", method[i], sqrt(within[i])
	}'
}

mkdir -p "$out/pairs" "$out/cells" "$out/work"
# Cells that outlive a kill of this script keep the lock.
exec 9> "$out/lock"
flock -n 9 || { echo "textbook.sh: '$out' is being worked on" >&2; exit 75; }
mapfile -t classes < <(cd "$images/val" && printf '%s\n' */ | tr -d / | LC_ALL=C sort)
[ -e "$out/cifar10.safetensors" ] || ckpt import -q -m $net --scheme crop --size 32 -o "$out/cifar10.safetensors" "$weights"
for ((pair = 0; pair < pairs; pair++)); do
	make_pair $pair
done

rm -f "$out/failed"
for ((seed = 0; seed < seeds; seed++)); do
	for ((pair = 0; pair < pairs; pair++)); do
		for method in fine-tune probe logistic scratch; do
			[ ! -e "$out/cells/$method-$pair-$seed" ] || continue
			[ $method != logistic ] || [ $seed = 0 ] || continue
			while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
				wait -n || true
			done
			[ ! -e "$out/failed" ] || break 3
			cell $method $pair $seed &
		done
	done
done
wait
[ ! -e "$out/failed" ] || exit 1
{
	for file in "$out"/cells/*; do
		name=$(basename "$file")
		sed "s/^/${name%-*-*} $(tr - ' ' <<< "${name#"${name%-*-*}"-}") /" "$file"
	done | pairs_of "$out/pairs.csv"
	printf '\nTop-1 in place of AP, intervals over the pairs:\n'
	evalap grid "$out/pairs.csv"
} | tee "$out/result.txt"
