# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Small transformers as people write them by hand; needs torch.

Only make_fixtures.py imports this. Every model comes in variants that compute
the same kind of thing in different words, since words are what a compiler of
exported graphs has to cope with.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class BertSelfAttention(nn.Module):
    """Separate projections; padding masked by a large number or by a boolean."""

    def __init__(self, hidden, heads, sdpa):
        super().__init__()
        self.heads, self.size, self.sdpa = heads, hidden // heads, sdpa
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, hidden)

    def split(self, x):
        return x.view(x.size(0), x.size(1), self.heads, self.size).permute(0, 2, 1, 3)

    def forward(self, x, mask):
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        if self.sdpa:
            mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        else:
            scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.size)
            mixed = torch.matmul(torch.softmax(scores + mask, dim=-1), v)
        mixed = mixed.permute(0, 2, 1, 3).contiguous()
        return self.output(mixed.view(x.size(0), x.size(1), self.heads * self.size))


class BertLayer(nn.Module):
    """Norms after the residuals, GELU by erf."""

    def __init__(self, hidden, heads, inner, sdpa):
        super().__init__()
        self.attention = BertSelfAttention(hidden, heads, sdpa)
        self.norm1 = nn.LayerNorm(hidden, eps=1e-12)
        self.up = nn.Linear(hidden, inner)
        self.down = nn.Linear(inner, hidden)
        self.norm2 = nn.LayerNorm(hidden, eps=1e-12)

    def forward(self, x, mask):
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.down(F.gelu(self.up(x))))


class Bert(nn.Module):
    """Encoder of words and positions, with a padding mask of integers."""

    def __init__(self, vocab=61, hidden=36, heads=4, inner=52, positions=33, sdpa=False):
        super().__init__()
        self.sdpa = sdpa
        self.words = nn.Embedding(vocab, hidden)
        self.positions = nn.Embedding(positions, hidden)
        self.norm = nn.LayerNorm(hidden, eps=1e-12)
        self.layers = nn.ModuleList(BertLayer(hidden, heads, inner, sdpa) for _ in range(2))

    def forward(self, input_ids, attention_mask):
        places = torch.arange(input_ids.size(1), device=input_ids.device).unsqueeze(0)
        x = self.norm(self.words(input_ids) + self.positions(places))
        mask = attention_mask[:, None, None, :]
        mask = mask.bool() if self.sdpa else (1.0 - mask.to(x.dtype)) * -10000.0
        for layer in self.layers:
            x = layer(x, mask)
        return x


class StockEncoder(nn.Module):
    """Encoder whose attention is torch's own nn.MultiheadAttention."""

    def __init__(self, vocab=61, hidden=39, heads=3, inner=52):
        super().__init__()
        self.words = nn.Embedding(vocab, hidden)
        self.attention = nn.ModuleList(
            nn.MultiheadAttention(hidden, heads, batch_first=True) for _ in range(2))
        self.norm = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(4))
        self.up = nn.ModuleList(nn.Linear(hidden, inner) for _ in range(2))
        self.down = nn.ModuleList(nn.Linear(inner, hidden) for _ in range(2))

    def forward(self, input_ids, attention_mask):
        x = self.words(input_ids)
        padding = attention_mask == 0
        for i in range(2):
            y = self.norm[2 * i](x)
            x = x + self.attention[i](y, y, y, key_padding_mask=padding, need_weights=False)[0]
            x = x + self.down[i](torch.relu(self.up[i](self.norm[2 * i + 1](x))))
        return x


class GptAttention(nn.Module):
    """Packed projections; causal by a buffer and masked_fill, or by is_causal."""

    def __init__(self, hidden, heads, positions, sdpa):
        super().__init__()
        self.hidden, self.heads, self.sdpa = hidden, heads, sdpa
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        if not sdpa:
            below = torch.tril(torch.ones(positions, positions))
            self.register_buffer("below", below.view(1, 1, positions, positions))

    def forward(self, x):
        b, t, c = x.size()
        q, k, v = self.qkv(x).split(self.hidden, dim=2)
        q = q.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        k = k.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        v = v.view(b, t, self.heads, c // self.heads).transpose(1, 2)
        if self.sdpa:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            scores = scores.masked_fill(self.below[:, :, :t, :t] == 0, float("-inf"))
            y = F.softmax(scores, dim=-1) @ v
        return self.out(y.transpose(1, 2).contiguous().view(b, t, c))


class GptBlock(nn.Module):
    """Norms before; GELU by tanh, written out or torch's."""

    def __init__(self, hidden, heads, positions, sdpa):
        super().__init__()
        self.sdpa = sdpa
        self.norm1 = nn.LayerNorm(hidden)
        self.attention = GptAttention(hidden, heads, positions, sdpa)
        self.norm2 = nn.LayerNorm(hidden)
        self.up = nn.Linear(hidden, 4 * hidden)
        self.down = nn.Linear(4 * hidden, hidden)

    def gelu(self, x):
        if self.sdpa:
            return F.gelu(x, approximate="tanh")
        cubic = x + 0.044715 * torch.pow(x, 3.0)
        return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * cubic))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(self.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    """Causal decoder with learned positions and a head tied to the words."""

    def __init__(self, vocab=61, hidden=36, heads=3, positions=33, sdpa=False):
        super().__init__()
        self.words = nn.Embedding(vocab, hidden)
        self.positions = nn.Embedding(positions, hidden)
        self.blocks = nn.ModuleList(GptBlock(hidden, heads, positions, sdpa) for _ in range(2))
        self.norm = nn.LayerNorm(hidden)
        self.head = nn.Linear(hidden, vocab, bias=False)
        self.head.weight = self.words.weight

    def forward(self, input_ids):
        places = torch.arange(0, input_ids.size(1), dtype=torch.long, device=input_ids.device)
        x = self.words(input_ids) + self.positions(places)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


class RmsNorm(nn.Module):
    """The root mean square norm, in elementary operations."""

    def __init__(self, hidden, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(hidden))

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


def rotate_halves(x, cos, sin):
    """Rotates pairs (i, i + size / 2)."""
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-high, low), dim=-1) * sin


def rotate_pairs(x, cos, sin):
    """Rotates pairs (2 i, 2 i + 1)."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, odd * cos + even * sin), dim=-1).flatten(-2)


class LlamaAttention(nn.Module):
    """Grouped heads and rotary positions, in one of four styles."""

    def __init__(self, hidden, heads, groups, style):
        super().__init__()
        self.heads, self.groups, self.style = heads, groups, style
        self.size = hidden // heads
        self.query = nn.Linear(hidden, heads * self.size, bias=False)
        self.key = nn.Linear(hidden, groups * self.size, bias=False)
        self.value = nn.Linear(hidden, groups * self.size, bias=False)
        self.out = nn.Linear(heads * self.size, hidden, bias=False)

    def repeat(self, x):
        """Gives every query's head a key's or value's head of its own."""
        times = self.heads // self.groups
        if self.style == "matmul":
            return torch.repeat_interleave(x, times, dim=1)
        b, g, t, d = x.shape
        return x[:, :, None].expand(b, g, times, t, d).reshape(b, g * times, t, d)

    def mix(self, q, k, v, mask):
        if self.style == "gqa":
            return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        if self.style == "ops":
            return torch.onnx.ops.attention(q, k, v, is_causal=True)[0]
        k, v = self.repeat(k), self.repeat(v)
        if self.style == "sdpa":
            return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.size) + mask
        return torch.matmul(torch.softmax(scores.float(), dim=-1).type_as(q), v)

    def forward(self, x, cos, sin, mask):
        b, t, _ = x.shape
        q = self.query(x).view(b, t, self.heads, self.size).transpose(1, 2)
        k = self.key(x).view(b, t, self.groups, self.size).transpose(1, 2)
        v = self.value(x).view(b, t, self.groups, self.size).transpose(1, 2)
        if self.style == "ops":
            cos, sin = cos.expand(b, -1, -1), sin.expand(b, -1, -1)
            q = torch.onnx.ops.rotary_embedding(q, cos, sin)
            k = torch.onnx.ops.rotary_embedding(k, cos, sin)
        else:
            rotate = rotate_halves if self.style == "matmul" else rotate_pairs
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = self.mix(q, k, v, mask)
        return self.out(y.transpose(1, 2).reshape(b, t, self.heads * self.size))


class LlamaBlock(nn.Module):
    """Root mean square norms before, SwiGLU."""

    def __init__(self, hidden, heads, groups, inner, style):
        super().__init__()
        norm = RmsNorm if style == "matmul" else nn.RMSNorm
        self.norm1, self.norm2 = norm(hidden, eps=1e-6), norm(hidden, eps=1e-6)
        self.attention = LlamaAttention(hidden, heads, groups, style)
        self.gate = nn.Linear(hidden, inner, bias=False)
        self.up = nn.Linear(hidden, inner, bias=False)
        self.down = nn.Linear(inner, hidden, bias=False)

    def forward(self, x, cos, sin, mask):
        x = x + self.attention(self.norm1(x), cos, sin, mask)
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Llama(nn.Module):
    """Causal decoder with rotary positions and grouped heads.

    style: "matmul" rotates halves and adds a triangle of infinities, "sdpa"
    rotates pairs and passes the triangle as a boolean mask, "gqa" leaves
    groups and causality to torch, "ops" uses ONNX's own operators.
    """

    def __init__(self, vocab=61, hidden=40, heads=4, groups=2, inner=52, style="matmul"):
        super().__init__()
        self.style, self.size = style, hidden // heads
        self.words = nn.Embedding(vocab, hidden)
        self.blocks = nn.ModuleList(
            LlamaBlock(hidden, heads, groups, inner, style) for _ in range(2))
        self.norm = RmsNorm(hidden) if style == "matmul" else nn.RMSNorm(hidden, eps=1e-6)
        self.head = nn.Linear(hidden, vocab, bias=False)
        rates = 10000.0 ** (-torch.arange(0, self.size, 2).float() / self.size)
        self.register_buffer("rates", rates, persistent=False)

    def rotary(self, length):
        angles = torch.outer(torch.arange(length).float(), self.rates)
        if self.style == "matmul":
            angles = torch.cat((angles, angles), dim=-1)
        if self.style == "ops":
            angles = angles[None]
        return angles.cos(), angles.sin()

    def mask(self, length):
        if self.style == "matmul":
            return torch.triu(torch.full((length, length), float("-inf")), diagonal=1)
        if self.style == "sdpa":
            return torch.ones(length, length, dtype=torch.bool).tril()
        return None

    def forward(self, input_ids):
        length = input_ids.size(1)
        (cos, sin), mask = self.rotary(length), self.mask(length)
        x = self.words(input_ids)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return self.head(self.norm(x))


class VitAttention(nn.Module):
    """Packed projections, taken apart by reshape, permute and unbind."""

    def __init__(self, hidden, heads, sdpa):
        super().__init__()
        self.heads, self.sdpa = heads, sdpa
        self.scale = (hidden // heads) ** -0.5
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.proj = nn.Linear(hidden, hidden)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        if self.sdpa:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            weights = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1)
            y = weights @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class VitBlock(nn.Module):
    """Norms before, GELU by erf."""

    def __init__(self, hidden, heads, inner, sdpa):
        super().__init__()
        self.norm1 = nn.LayerNorm(hidden, eps=1e-6)
        self.attention = VitAttention(hidden, heads, sdpa)
        self.norm2 = nn.LayerNorm(hidden, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(hidden, inner), nn.GELU(), nn.Linear(inner, hidden))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Vit(nn.Module):
    """Classifier of images of 20 by 15, with a class token."""

    def __init__(self, classes=11, hidden=36, heads=4, inner=52, patch=5, sdpa=False):
        super().__init__()
        self.patches = nn.Conv2d(3, hidden, kernel_size=patch, stride=patch)
        self.token = nn.Parameter(torch.zeros(1, 1, hidden))
        self.places = nn.Parameter(torch.zeros(1, 20 // patch * (15 // patch) + 1, hidden))
        self.blocks = nn.Sequential(*(VitBlock(hidden, heads, inner, sdpa) for _ in range(2)))
        self.norm = nn.LayerNorm(hidden, eps=1e-6)
        self.head = nn.Linear(hidden, classes)

    def forward(self, pixel_values):
        x = self.patches(pixel_values).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), dim=1) + self.places
        return self.head(self.norm(self.blocks(x))[:, 0])
