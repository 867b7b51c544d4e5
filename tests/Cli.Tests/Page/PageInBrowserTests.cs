using System.Globalization;
using System.Text.Json;
using Kappa.Cli.Page;
using Kappa.Training.Checkpoints;
using Kappa.Training.Experiments;
using Kappa.Training.Report;
using Kappa.Training.Results;
using Kappa.Training.Tests.Checkpoints;
using Microsoft.Playwright;
using NUnit.Framework;

namespace Kappa.Cli.Tests;

/// <summary>The page of a small run of every experiment, as Chromium shows it from a file and without a network.</summary>
[Category("Browser")]
public class PageInBrowserTests
{
    private static readonly Report Everything = Report.Build(
    [
        .. from experiment in Catalogue.All
           from cell in experiment.CellsAt(8)
           let tiny = cell with { Protocol = (Protocol)cell.Protocol with { Epochs = 3, RecordEvery = 1 } }
           from trial in Enumerable.Range(0, 2)
           select Trial.Run(experiment.Name, tiny, trial, 42, CancellationToken.None),
        .. Tuned(),
    ]);

    private static TrialRecord[] Tuned()
    {
        string folder = Directory.CreateTempSubdirectory("kappa-browser-").FullName;
        using TrialStore store = TrialStore.Open(folder, resume: false);
        Runner.Run(new Plan([FineTuning.Description], new PlanSettings { Trials = 2, Dimensions = [4], Epochs = 2 }), store, 2, _ => { }, CancellationToken.None);
        store.Dispose();
        Directory.Delete(folder, recursive: true);
        return [.. store.Records];
    }

    private readonly List<string> _complaints = [];
    private readonly List<string> _requests = [];
    private string _folder = "";
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private IPage? _wide;

    private string Address => new Uri(Path.Combine(_folder, "report.html")).AbsoluteUri;

    private string ScanAddress => new Uri(Path.Combine(_folder, "scan.html")).AbsoluteUri;

    private IPage Wide => _wide!;

    [OneTimeSetUp]
    public async Task OpenPage()
    {
        _folder = Directory.CreateTempSubdirectory("kappa-browser-").FullName;
        PageWriter.Write(Everything, new RunInfo("all --controls", "1.2.3", 7), Path.Combine(_folder, "report.html"));
        try
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new()
            {
                ExecutablePath = Chromium(),
                Timeout = 120_000,
                Args =
                [
                    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                    "--disable-component-update", "--disable-sync",
                ],
            });
        }
        catch (Exception e) when (e is PlaywrightException or IOException or TimeoutException or System.ComponentModel.Win32Exception)
        {
            throw new InvalidOperationException($"The page's tests need Chromium (apt-get install chromium) and Playwright's driver, and could not start them: {e.Message}", e);
        }

        _wide = await Open(1280, ColorScheme.Light);
    }

    [OneTimeTearDown]
    public async Task CloseBrowser()
    {
        if (_browser is not null)
            await _browser.DisposeAsync();
        _playwright?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task EveryFigure_IsDrawnWithMarks()
    {
        string[] drawn = await Wide.EvaluateAsync<string[]>("""
            [...document.querySelectorAll("[data-figure]")]
              .filter((plot) => plot.querySelector("svg .role-frame .mark-symbol path, svg .mark-line path, svg .mark-rect path"))
              .map((plot) => plot.dataset.figure)
            """);
        Assert.That(drawn, Is.EqualTo(Everything.Sections.SelectMany(s => s.Figures).Select(f => f.Id)));
        Assert.That(Everything.Sections.Select(s => s.Id), Is.EqualTo(Catalogue.Known.Select(e => e.Name)));
    }

    [Test]
    public async Task Page_AsksForNothingAndReportsNoError()
    {
        await Wide.Mouse.MoveAsync(400, 400);
        Assert.That(_complaints, Is.Empty);
        Assert.That(_requests.Distinct(), Is.SubsetOf([Address, ScanAddress]).And.Not.Empty);
    }

    [Test]
    public async Task Claims_SortByClick()
    {
        ILocator head = Wide.Locator(".claims thead th").Filter(new() { HasText = "Claim" });
        await head.GetByRole(AriaRole.Button).ClickAsync();
        Assert.That(await Heads(), Is.EqualTo([null, "ascending", null, null, null, null]));
        IReadOnlyList<string> statements = await Statements();
        Assert.That(statements, Has.Count.EqualTo(Everything.Findings.Count));
        Assert.That(await Sorted(statements));

        await head.GetByRole(AriaRole.Button).ClickAsync();
        Assert.That(await Heads(), Is.EqualTo([null, "descending", null, null, null, null]));
        IReadOnlyList<string> reversed = await Statements();
        Assert.That(await Sorted([.. reversed.Reverse()]));
        Assert.That(reversed[0], Is.Not.EqualTo(statements[0]));

        Task<IReadOnlyList<string>> Statements() => Wide.Locator(".claims tbody th").AllInnerTextsAsync();

        Task<bool> Sorted(IReadOnlyList<string> texts) =>
            Wide.EvaluateAsync<bool>("(s) => s.every((x, i) => i === 0 || s[i - 1].localeCompare(x) <= 0)", texts);
    }

    [Test]
    public async Task Claims_SortByKeyboard()
    {
        ILocator button = Wide.Locator(".claims thead th").Filter(new() { HasText = "Paper" }).GetByRole(AriaRole.Button);
        await button.FocusAsync();
        await Wide.Keyboard.PressAsync("Enter");
        Assert.That(await Heads(), Is.EqualTo([null, null, "ascending", null, null, null]));
        double[] up = await Keys();
        Assert.That(up, Is.Ordered.And.Length.GreaterThan(10));

        // The button has kept the focus.
        await Wide.Keyboard.PressAsync("Enter");
        Assert.That(await Heads(), Is.EqualTo([null, null, "descending", null, null, null]));
        Assert.That(await Keys(), Is.EqualTo(up.Reverse()));

        async Task<double[]> Keys()
        {
            string[] keys = await Wide.EvaluateAsync<string[]>("""[...document.querySelectorAll(".claims .paper")].map((cell) => cell.dataset.key)""");
            Assert.That(keys.SkipWhile(k => k != ""), Is.All.Empty);
            return [.. keys.TakeWhile(k => k != "").Select(k => double.Parse(k, CultureInfo.InvariantCulture))];
        }
    }

    [Test]
    public async Task NarrowScreen_HoldsEverything()
    {
        IPage page = await Open(400, ColorScheme.Light);
        Assert.That(await page.EvaluateAsync<int>("document.scrollingElement.scrollWidth"), Is.LessThanOrEqualTo(400));
        Assert.That(await page.EvaluateAsync<string[]>("""
            [...document.querySelectorAll("main *, header *, nav *, footer *")]
              .filter((e) => !e.closest(".table") && e.getBoundingClientRect().right > 400.5)
              .map((e) => e.tagName + " " + (e.closest("[data-figure]")?.dataset.figure ?? e.textContent.slice(0, 40)))
            """), Is.Empty);
        Assert.That(await page.EvaluateAsync<string[]>("""
            [...document.querySelectorAll(".claims tbody tr")].filter((row) => row.scrollWidth > row.parentElement.clientWidth + 1).map((row) => row.id)
            """), Is.Empty);
        await AssertLegible(page);
        await page.CloseAsync();
    }

    [Test]
    public async Task DarkScheme_HasLightTextOnDarkGround()
    {
        IPage page = await Open(1280, ColorScheme.Dark);
        Assert.That(await page.EvaluateAsync<double[]>("""
            [getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.body).color]
              .map((colour) => colour.match(/[\d.]+/g).slice(0, 3).reduce((sum, x) => sum + Number(x) / 765, 0))
            """) is [< 0.2, > 0.8]);
        await AssertLegible(page);
        await page.CloseAsync();
    }

    [Test]
    public async Task LightScheme_IsLegible() => await AssertLegible(Wide);

    [Test]
    public async Task Print_HidesTheContentsAndOpensTheTables()
    {
        await Wide.EmulateMediaAsync(new() { Media = Media.Print });
        Assert.That(await Wide.Locator("nav").IsVisibleAsync(), Is.False);
        Assert.That(await Wide.Locator("#exp1").IsVisibleAsync());
        int[] tables = await Wide.EvaluateAsync<int[]>("""[...document.querySelectorAll(".numbers table")].map((table) => table.offsetHeight)""");
        Assert.That(tables, Has.Length.EqualTo(Catalogue.Controls.Count).And.All.GreaterThan(20));
        byte[] pdf = await Wide.PdfAsync();
        Assert.That(System.Text.Encoding.ASCII.GetString(pdf, 0, 5), Is.EqualTo("%PDF-"));
        await Wide.EmulateMediaAsync(new() { Media = Media.Screen });
        Assert.That(await Wide.Locator("nav").IsVisibleAsync());
    }

    [Test]
    public async Task HeadingsAndLandmarks_NameEveryPart()
    {
        Assert.That(await Wide.EvaluateAsync<int[]>("""["h1", "header", "nav", "main", "footer"].map((name) => document.querySelectorAll(name).length)"""),
            Is.EqualTo([1, 1, 1, 1, 1]));
        Assert.That(await Names("section, nav, .table"), Is.All.Not.Empty);
        Assert.That(await Wide.EvaluateAsync<string[]>("""
            [...document.querySelectorAll("[data-figure]")].map((e) => e.getAttribute("role") + " " + e.getAttribute("aria-label").trim())
            """), Is.All.Match("^img .+"));
        int[] levels = await Wide.EvaluateAsync<int[]>("""[...document.querySelectorAll("h1, h2, h3, h4")].map((e) => Number(e.tagName[1]))""");
        Assert.That(levels.Zip(levels.Skip(1), (above, below) => below - above), Is.All.LessThanOrEqualTo(1));
        Assert.That(await Wide.EvaluateAsync<string[]>("""[...document.querySelectorAll("[id]")].map((e) => e.id)"""), Is.Unique);

        Task<string[]> Names(string selector) => Wide.EvaluateAsync<string[]>("""
            (selector) => [...document.querySelectorAll(selector)].map((e) => document.getElementById(e.getAttribute("aria-labelledby"))?.textContent.trim() ?? "")
            """, selector);
    }

    [Test]
    public async Task Contents_LeadToEverySection()
    {
        string[] targets = await Wide.EvaluateAsync<string[]>("""[...document.querySelectorAll("nav a")].map((a) => document.getElementById(a.hash.slice(1))?.id ?? a.hash)""");
        Assert.That(targets, Is.EqualTo((string[])["claims", "questions", .. Everything.Sections.Select(s => s.Id)]));
        Assert.That(await Wide.Locator("nav ol").CountAsync(), Is.EqualTo(4), "the page's, the paper's, the controls', the second paper's");
        await Wide.Locator("nav a[href='#exp14']").ClickAsync();
        await Wide.WaitForFunctionAsync("() => Math.abs(document.getElementById('exp14').getBoundingClientRect().top) < 2");
    }

    [Test]
    public async Task ScanPage_DrawsKappaAndSpectraAndSorts()
    {
        PageFrame.Write(ScanPage.Render(Scanned(), "1.2.3"), Path.Combine(_folder, "scan.html"));
        IPage page = await Open(1280, ColorScheme.Dark, ScanAddress);
        Assert.That(await page.Locator("[data-figure='condition'] svg .mark-symbol path").CountAsync(), Is.EqualTo(40));
        Assert.That(await page.Locator("[data-figure='spectra'] svg .mark-rect path").CountAsync(), Is.EqualTo(40 + 40 * 6), "an interval each, and every σ");
        Assert.That(await page.Locator("tbody tr").CountAsync(), Is.EqualTo(41));
        await AssertLegible(page);
        await page.Locator("thead th").Nth(4).GetByRole(AriaRole.Button).ClickAsync();
        string[] keys = await page.EvaluateAsync<string[]>("""[...document.querySelectorAll("tbody tr")].map((row) => row.cells[4].dataset.key)""");
        Assert.That(keys[..40].Select(k => double.Parse(k, CultureInfo.InvariantCulture)), Is.Ordered);
        Assert.That(keys[40], Is.Empty, "the vector's");
        await page.CloseAsync();

        IPage narrow = await Open(400, ColorScheme.Light, ScanAddress);
        Assert.That(await narrow.EvaluateAsync<int>("document.scrollingElement.scrollWidth"), Is.LessThanOrEqualTo(400));
        await narrow.CloseAsync();
        Assert.That(_complaints, Is.Empty);
    }

    private List<ScanRecord> Scanned()
    {
        string path = Path.Combine(_folder, "model.safetensors");
        var random = new Random(5);
        File.WriteAllBytes(path, Safetensors.File([.. Enumerable.Range(0, 40).Select(i => ($"encoder.layers.{i}.self_attn.out_proj.weight", ElementType.F32, new long[] { 6, 8 },
            Enumerable.Range(0, 48).SelectMany(_ => BitConverter.GetBytes((float)random.NextDouble() - 0.5f)).ToArray())), Safetensors.Counting("bias", 3)]));
        using var checkpoint = Checkpoint.Open([path]);
        var records = new List<ScanRecord>();
        Scan.Run(Scan.Plan(checkpoint, new ScanSettings()), new ScanSettings(), 1, records.Add, CancellationToken.None);
        return records;
    }

    private static string Chromium() =>
        new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("there is no Chromium in /usr/bin");

    private async Task<IPage> Open(int width, ColorScheme scheme, string? address = null)
    {
        IPage page = await _browser!.NewPageAsync(new() { ViewportSize = new() { Width = width, Height = 900 }, ColorScheme = scheme, Offline = true, ReducedMotion = ReducedMotion.Reduce });
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                _complaints.Add(message.Text);
        };
        page.PageError += (_, error) => _complaints.Add(error);
        page.Request += (_, request) => _requests.Add(request.Url);
        await page.GotoAsync(address ?? Address);
        await page.WaitForSelectorAsync("html[data-drawn]", new() { State = WaitForSelectorState.Attached, Timeout = 300_000 });
        return page;
    }

    private async Task<string?[]> Heads() => [.. await Wide.EvaluateAsync<string?[]>(
        """[...document.querySelectorAll(".claims thead th")].map((head) => head.getAttribute("aria-sort"))""")];

    /// <summary>Every text has 11 pixels at least and the contrast of 4.5 that WCAG 2.2 asks for.</summary>
    private static async Task AssertLegible(IPage page)
    {
        string found = await page.EvaluateAsync<string>("""
            () => {
              const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
              const luminance = (colour) => rgb(colour).slice(0, 3).map((x) => x / 255)
                .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
                .reduce((sum, x, i) => sum + [0.2126, 0.7152, 0.0722][i] * x, 0);
              const opaque = (colour) => { const c = rgb(colour); return c.length === 3 || c[3] > 0; };
              const failures = [];
              const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              let count = 0;
              while (texts.nextNode()) {
                const parent = texts.currentNode.parentElement;
                if (!texts.currentNode.data.trim() || !parent.checkVisibility() || parent.closest("script, noscript")) continue;
                count++;
                const style = getComputedStyle(parent);
                let ground = parent;
                while (ground.parentElement && !opaque(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
                const [a, b] = [luminance(parent.closest("svg") ? style.fill : style.color), luminance(getComputedStyle(ground).backgroundColor)];
                const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                if (parseFloat(style.fontSize) < 11 || contrast < 4.5)
                  failures.push([texts.currentNode.data.trim().slice(0, 30), style.fontSize, contrast.toFixed(2)]);
              }
              return JSON.stringify({ count, failures });
            }
            """);
        using var result = JsonDocument.Parse(found);
        Assert.That(result.RootElement.GetProperty("count").GetInt32(), Is.GreaterThan(500));
        Assert.That(result.RootElement.GetProperty("failures").EnumerateArray().Select(f => f.ToString()), Is.Empty);
    }
}
