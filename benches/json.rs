//! The JSON layer, piece by piece: `cargo bench --bench json`. Reports what each piece allocates, too.

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use runstate::json::{Aim, Document, Kind, Node, Style, Writer, places};

mod states;

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

const SIZE: usize = 1_000_000;
const NAMES: [usize; 4] = [0, 1, 2, 3];

fn state(kind: usize) -> Vec<u8> {
    let (_, dialect, script) = states::KINDS[kind];
    states::grow(dialect, script, SIZE)
}

fn bench<T>(bencher: Bencher<'_, '_>, kind: usize, work: impl Fn(&Document) -> T + Sync) {
    let bytes = state(kind);
    let size = BytesCount::new(bytes.len());
    // A document is for one thread.
    bencher
        .counter(size)
        .with_inputs(|| Document::parse(bytes.clone()).expect("a grown state is JSON"))
        .bench_local_refs(|doc| work(doc));
}

#[divan::bench(args = NAMES)]
fn parse(bencher: Bencher<'_, '_>, kind: usize) {
    let bytes = state(kind);
    bencher.counter(BytesCount::new(bytes.len())).with_inputs(|| bytes.clone()).bench_local_values(Document::parse);
}

#[divan::bench(args = NAMES)]
fn walk(bencher: Bencher<'_, '_>, kind: usize) {
    bench(bencher, kind, |doc| visit(doc.root()));
}

fn visit(node: Node<'_>) -> usize {
    let below = match node.kind() {
        Kind::Array => node.elements().map(visit).sum(),
        Kind::Object => node.members().map(|member| usize::from(member.key.is("type")) + visit(member.value)).sum(),
        _ => 0,
    };
    below + 1
}

#[divan::bench(args = NAMES)]
fn decode_texts(bencher: Bencher<'_, '_>, kind: usize) {
    bench(bencher, kind, |doc| texts(doc.root()));
}

fn texts(node: Node<'_>) -> usize {
    match node.kind() {
        Kind::Array => node.elements().map(texts).sum(),
        Kind::Object => node.members().map(|member| texts(member.value)).sum(),
        _ => node.text().map_or(0, |text| text.wtf8().len()),
    }
}

#[divan::bench(args = NAMES)]
fn write_same(bencher: Bencher<'_, '_>, kind: usize) {
    let style = states::KINDS[kind].1;
    bench(bencher, kind, move |doc| write(doc, style));
}

#[divan::bench(args = NAMES)]
fn write_other(bencher: Bencher<'_, '_>, kind: usize) {
    let style = if states::KINDS[kind].1 == Style::Python { Style::TypeScript } else { Style::Python };
    bench(bencher, kind, move |doc| write(doc, style));
}

fn write(doc: &Document, style: Style) -> Vec<u8> {
    let mut writer = Writer::new(style);
    writer.node(doc.root());
    writer.finish()
}

#[divan::bench(args = NAMES)]
fn duplicates(bencher: Bencher<'_, '_>, kind: usize) {
    bench(bencher, kind, |doc| doc.source(0).duplicates().len());
}

#[divan::bench(args = NAMES)]
fn last_place(bencher: Bencher<'_, '_>, kind: usize) {
    bench(bencher, kind, |doc| {
        let source = doc.source(0);
        let last = u32::try_from(source.len() - 1).expect("a tape index");
        places(source, &[(last, Aim::Value)])
    });
}

#[divan::bench(args = NAMES)]
fn into_serde_value(bencher: Bencher<'_, '_>, kind: usize) {
    bench(bencher, kind, |doc| doc.root().parse_into::<serde_json::Value>().expect("a grown state is flat"));
}
