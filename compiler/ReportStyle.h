// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_REPORTSTYLE_H
#define ATTUNE_COMPILER_REPORTSTYLE_H

#include "llvm/ADT/StringRef.h"

namespace attune {

/// How a report's page looks; by day and by night.
inline constexpr llvm::StringLiteral reportStyle = R"(
:root{--paper:#fbfaf7;--ink:#22211f;--soft:#6d6a64;--line:#dedad2;--card:#fff;
--mark:#2a6f97;--good:#2d7d46;--warn:#a8541a}
@media(prefers-color-scheme:dark){:root{--paper:#171819;--ink:#e9e6e0;
--soft:#9c988f;--line:#34353a;--card:#1f2023;--mark:#7cc0e8;--good:#7fcf98;
--warn:#eaa46c}}
body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.7rem;margin:0;font-weight:650;letter-spacing:-.01em}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem;font-weight:650}
p,dl{margin:.4rem 0}.soft,dt,th,figcaption{color:var(--soft)}
code,td.n,dd{font-variant-numeric:tabular-nums}
code{font:.88em ui-monospace,monospace;overflow-wrap:anywhere;
unicode-bidi:isolate}
.facts{display:flex;flex-wrap:wrap;gap:2.5rem;margin:1.5rem 0}
.facts b{display:block;font-size:1.35rem;font-weight:600}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th{text-align:left;font-weight:500}td.n,th.n{text-align:right;white-space:nowrap}
th,td{padding:.4rem .75rem .4rem 0;border-bottom:1px solid var(--line)}
.wide{overflow-x:auto}
.layer{background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:1rem 1.25rem;margin:1rem 0}
.layer h3{margin:0 0 .4rem;font-size:1rem;font-weight:600}
.row{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:.5rem 0}
figure svg{display:block;width:11rem;height:11rem;border:1px solid var(--line);
color:var(--mark)}
.bar{display:block;width:9rem;height:.7rem}.bar .all{fill:var(--line)}
.bar .part{fill:var(--mark)}td a{color:inherit}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;flex:1;
min-width:16rem;font-size:.93rem;align-content:start}dd{margin:0}
.exact{color:var(--good)}.approximate{color:var(--mark)}.not{color:var(--warn)}
)";

} // namespace attune

#endif // ATTUNE_COMPILER_REPORTSTYLE_H
