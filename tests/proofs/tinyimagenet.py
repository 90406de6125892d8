#!/usr/bin/python3
"""The peer of pipelines/pretrain.sh on Tiny ImageNet: the same recipe in PyTorch and torchvision, f32, channels-last.

Usage: tinyimagenet.py DATA [--epochs N] [--batch N] [--size N] [--area LO,HI] [--lr X] [--weight-decay X] [--seed N]
                            [--steps N] [--workers N] [--threads N]

It repeats

    pipelines/pretrain.sh -o DIR --train DATA/train --val DATA/val --model classify-resnet18-bn --size 64 --area 0.25,1.0 \\
        --epochs N --batch 64 -- --lr 0.05 --decay cosine --label-smoothing 0.1 --weight-decay 0.0005

with trainstep's defaults: momentum of 0.9, 100 steps of linear warm-up from a thousandth of the rate, then a
cosine to 0 over the rest of the run, the gradient's norm cut to 10, weight decay on all parameters. Batches run on from one epoch
into the next, and only the last one of the run, when it is not full, is dropped. Evaluated as predict shows images to a
classifier trained on crops: the middle of the image after it was made 8/7 of the size. The head's bias begins at 0.

Images are read from their files by Pillow, in --workers processes beside the --threads threads of the training.
Prints a line an epoch (mean loss, seconds so far), then top-1, top-5 and the seconds of training and of all. --steps ends the
training early, for a trial.
"""
import argparse
import math
import os
import time

import torch
from torch import nn
from torchvision import datasets, transforms
from torchvision.models import resnet18

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
WARMUP, WARMUP_FACTOR, MOMENTUM, CLIP, SMOOTHING = 100, 0.001, 0.9, 10, 0.1


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("data")
    p.add_argument("--epochs", type=int, default=30)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--area", default="0.25,1.0")
    p.add_argument("--lr", type=float, default=0.05)
    p.add_argument("--weight-decay", type=float, default=0.0005)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--steps", type=int, default=0)
    p.add_argument("--workers", type=int, default=1)
    p.add_argument("--threads", type=int, default=2)
    return p.parse_args()


class Epochs(torch.utils.data.Sampler):
    """The orders of all epochs, one after the other."""
    def __init__(self, n, epochs, seed):
        self.n, self.epochs, self.g = n, epochs, torch.Generator().manual_seed(seed)

    def __iter__(self):
        for _ in range(self.epochs):
            yield from torch.randperm(self.n, generator=self.g).tolist()

    def __len__(self):
        return self.n * self.epochs


def training_data(args):
    low, high = map(float, args.area.split(","))
    view = transforms.Compose([
        transforms.RandomResizedCrop(args.size, scale=(low, high)), transforms.RandomHorizontalFlip(), transforms.ToTensor(),
        transforms.Normalize(MEAN, STD)])
    images = datasets.ImageFolder(os.path.join(args.data, "train"), view)
    loader = torch.utils.data.DataLoader(images, args.batch, sampler=Epochs(len(images), args.epochs, args.seed), drop_last=True,
                                         num_workers=args.workers)
    return images, loader


def rate(step, steps, lr):
    if step < WARMUP:
        return lr * (WARMUP_FACTOR + (1 - WARMUP_FACTOR) * step / WARMUP)
    return lr * 0.5 * (1 + math.cos(math.pi * (step - WARMUP) / (steps - WARMUP)))


def train(model, images, loader, args):
    """Returns the seconds it took."""
    optimiser = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=MOMENTUM, weight_decay=args.weight_decay)
    loss_of = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    steps, begin, total, count, epoch = len(loader), time.time(), 0.0, 0, 1
    model.train()
    for step, (x, y) in enumerate(loader):
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps, args.lr)
        loss = loss_of(model(x.contiguous(memory_format=torch.channels_last)), y)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        total, count = total + loss.item(), count + 1
        last = step + 1 == (args.steps or steps)
        if (step + 1) * args.batch >= epoch * len(images) or last:
            print(f"epoch {epoch}  step {step + 1} of {steps}  loss {total / count:.4f}  {time.time() - begin:.0f} s", flush=True)
            total, count, epoch = 0.0, 0, epoch + 1
        if last:
            break
    return time.time() - begin


def evaluate(model, args):
    """The fractions whose class comes first, and among the first five."""
    view = transforms.Compose([
        transforms.Resize(round(args.size * 8 / 7)), transforms.CenterCrop(args.size), transforms.ToTensor(),
        transforms.Normalize(MEAN, STD)])
    images = datasets.ImageFolder(os.path.join(args.data, "val"), view)
    hits = torch.zeros(2)
    model.eval()
    with torch.no_grad():
        for x, y in torch.utils.data.DataLoader(images, args.batch):
            best = model(x.contiguous(memory_format=torch.channels_last)).topk(5).indices == y[:, None]
            hits += torch.tensor([best[:, 0].sum(), best.any(1).sum()])
    return (hits / len(images)).tolist()


def main():
    args = arguments()
    begin = time.time()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    images, loader = training_data(args)
    model = resnet18(num_classes=len(images.classes))
    nn.init.zeros_(model.fc.bias)
    model = model.to(memory_format=torch.channels_last)
    seconds = train(model, images, loader, args)
    top1, top5 = evaluate(model, args)
    print(f"top-1 {100 * top1:.2f} %  top-5 {100 * top5:.2f} %  training {seconds:.0f} s  all {time.time() - begin:.0f} s")


if __name__ == "__main__":
    main()
