#!/bin/bash
# pipelines/pretrain.sh, probe.sh, finetune.sh and selftrain.sh: a classifier's backbone becomes a detector; dry runs; kills.
. "$(dirname "$0")/tap.sh"
[ "${CONF:-}" = asan ] && skip_all "under the sanitizers programs are tested one by one"
. "$(dirname "$0")/tiny.sh"

cd "$T" || exit 1
bin=$ROOT/pipelines
# Three classes of pictures in folders.
for class in disc square 'a triangle'; do
	mkdir -p "pictures/$class"
done
i=0
for file in set/images/*; do
	class=(disc square 'a triangle')
	cp "$file" "pictures/${class[i++ % 3]}/"
done
pretrain() {
	"$bin/pretrain.sh" -o "$1" --train pictures --val pictures --model classify-resnet18-bn --size 64 --epochs 1 --batch 4 -- -j1 --warmup 0
}

DRY_RUN=1 pretrain "my base" 2> planned
is $? 0 "a dry run"
ok "writes nothing" test ! -e "my base"
pretrain "my base" > said 2> commands
is $? 0 "pretrain.sh runs"
like "$(cat said)" "top-1|top1" "and says how many it knows"
is "$(cat planned)" "$(grep '^+' commands)" "by the commands that the dry run showed"

"$bin/probe.sh" -o "a probe" --init "my base/model.safetensors" --train pictures --val pictures --layer layer2 -- -c mean > said
is $? 0 "probe.sh runs"
like "$(cat said)" "accuracy" "and says what the features are worth"
is "$(cat said)" "$(cat "a probe/result.txt")" "also in a file"

"$bin/finetune.sh" -o other --init "my base/model.safetensors" --train pictures --val pictures --model classify-resnet18-bn \
	--scheme crop --size 64 --epochs 1 --batch 4 -- -j1 --warmup 0 --train-only fc > said 2> commands
is $? 0 "finetune.sh runs on a classifier"
like "$(cat said)" "top1" "and says how many it knows"
like "$(cat commands)" "start weights from 'my base/model.safetensors'" "begins with the other's weights"

data=(--train set/instances.json --train-images set/images --val set/instances.json --val-images set/images)
finetune() {
	"$bin/finetune.sh" -o "$1" --init "my base/model.safetensors" "${data[@]}" --model retinanet-resnet18-fpn-frozenbn \
		--size 64x64 --epochs 2 --batch 2 --save-every 2 -- -j1 --warmup 0 --anchor-size 16 --lr-mult head=10
}
finetune tuned > said 2> commands
is $? 0 "finetune.sh runs"
like "$(cat said)" "Average Precision" "and evaluates"
like "$(cat commands)" "start weights from 'my base/model.safetensors'" "begins with the classifier's weights"
want=$(sums tuned/model.safetensors tuned/model.state)

kill_after killed/model.state finetune killed
ok "goes on after a kill" finetune killed
is "$(sums killed/model.safetensors killed/model.state)" "$want" "to the bits of a run without one"

# A teacher, its labels, and a student; killed while the student learns.
selftrain() {
	"$bin/selftrain.sh" -o "$1" "${data[@]}" --unlabelled 'pictures/a triangle' --model retinanet-resnet18-fpn-gn --size 64x64 \
		--epochs 2 --batch 4 --save-every 2 --score 0.05 --scheme 2 -- -j1 --warmup 0 --anchor-size 16
}
selftrain taught > said 2> commands
is $? 0 "selftrain.sh runs" || sed 's/^/# /' commands | tail
is "$(grep -c 'Average Precision  (AP) @\[ IoU=0.50:0.95 | area=   all' said)" 2 "teacher and student are evaluated"
ok "a report of the labels, also as a page" test -s taught/report.txt -a -s taught/report.svg
want=$(sums taught/student.safetensors taught/student.state)
kill_after stopped/student.state selftrain stopped
ok "goes on after a kill" selftrain stopped
is "$(sums stopped/student.safetensors stopped/student.state)" "$want" "to the bits of a run without one"
# A cron job has hardly any environment.
printf '0 3 * * *\t%q -o %q --train set --val set\n' "$bin/scratch.sh" "$T/by cron" > "$T/table"
DRY_RUN=1 "$bin/scratch.sh" -o "$T/by cron" --train set --val set 2> planned
env -i HOME=/ LOGNAME=root PATH=/usr/bin:/bin SHELL=/bin/sh DRY_RUN=1 /bin/sh -c "$(cut -f2 "$T/table")" 2> commands
is "$(cat commands)" "$(cat planned)" "the same commands from a crontab"
ok "and there are some" test -s commands
env -i PATH=/usr/bin:/bin BIN="$BIN" "$bin/probe.sh" -o cron --init "my base/model.safetensors" --train pictures --val pictures --layer layer2 \
	-- -c mean < /dev/null > said 2> /dev/null
is "$(cat said)" "$(cat "a probe/result.txt")" "and the same result"

fails_with 2 "are needed" "$bin/finetune.sh" -o x --train y --val z
fails_with 2 "wants a value" "$bin/finetune.sh" -o
done_testing
