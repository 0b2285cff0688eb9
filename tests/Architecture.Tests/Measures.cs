using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace KlarKonform.Backup.Architecture;

/// <summary>What CONTRIBUTING.md asks of code and the compiler does not see, counted in the sources of the product.</summary>
internal static class Measures
{
    private const int MaxParameters = 5;
    private const int MaxFileLines = 300;
    private const int MaxMethodLines = 60;

    /// <summary>Every place that falls short, by the name of the rule.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Take()
    {
        var found = new Dictionary<string, List<string>>();
        foreach (var file in Sources.FilesBelow("src"))
        {
            var text = File.ReadAllText(Path.Combine(Sources.Root, file));
            var root = CSharpSyntaxTree.ParseText(text).GetRoot();
            void Note(string rule, IEnumerable<SyntaxNode> nodes)
            {
                if (!found.TryGetValue(rule, out var places))
                    found[rule] = places = [];
                places.AddRange(nodes.Select(node => $"{file}({node.GetLocation().GetLineSpan().StartLinePosition.Line + 1})"));
            }

            var lists = root.DescendantNodes().OfType<ParameterListSyntax>().Where(list => !IsRecord(list)).ToArray();
            Note("moreThanFiveParameters", lists.Where(list => list.Parameters.Count > MaxParameters));
            Note("booleanParameters", lists.Where(list => !IsDispose(list)).SelectMany(list => list.Parameters).Where(IsBoolean));
            Note("cancellationTokenNotLast", lists.Where(IsTokenBeforeOthers));
            Note("conditionalInConditional", root.DescendantNodes().OfType<ConditionalExpressionSyntax>().Where(IsNested));
            Note("publicMethodBehindPrivateOne", root.DescendantNodes().OfType<TypeDeclarationSyntax>().Where(IsMixed));
            Note("methodsOver60Lines", root.DescendantNodes().OfType<BaseMethodDeclarationSyntax>().Where(IsLong));
            Note("filesOver300Lines", text.AsSpan().Count('\n') > MaxFileLines && !IsTable(file) ? [root] : []);
        }

        return found.ToDictionary(each => each.Key, each => (IReadOnlyList<string>)each.Value);
    }

    // A record's parameters are its properties: each is documented, and named where it is given.
    private static bool IsRecord(ParameterListSyntax list) => list.Parent is RecordDeclarationSyntax;

    private static bool IsDispose(ParameterListSyntax list) => list.Parent is MethodDeclarationSyntax { Identifier.Text: "Dispose" };

    private static bool IsBoolean(ParameterSyntax parameter) => parameter.Type is PredefinedTypeSyntax { Keyword.Text: "bool" };

    // Those that need not be given come behind it, as the framework's guidelines have it.
    private static bool IsTokenBeforeOthers(ParameterListSyntax list) =>
        list
            .Parameters.SkipWhile(each => each.Type?.ToString() != "CancellationToken")
            .Skip(1)
            .Any(each => each.Default is null && !each.Modifiers.Any(SyntaxKind.ParamsKeyword));

    private static bool IsNested(ConditionalExpressionSyntax conditional) =>
        conditional.Parent?.FirstAncestorOrSelf<SyntaxNode>(node => node is not ParenthesizedExpressionSyntax)
        is ConditionalExpressionSyntax;

    private static bool IsMixed(TypeDeclarationSyntax type)
    {
        var methods = type.Members.OfType<MethodDeclarationSyntax>().ToArray();
        return methods.SkipWhile(method => !IsPrivate(method)).Any(method => !IsPrivate(method));
    }

    private static bool IsPrivate(MethodDeclarationSyntax method) =>
        method.ExplicitInterfaceSpecifier is null
        && !method.Modifiers.Any(modifier =>
            modifier.Kind() is SyntaxKind.PublicKeyword or SyntaxKind.InternalKeyword or SyntaxKind.ProtectedKeyword
        )
        && method.Parent is not InterfaceDeclarationSyntax;

    private static bool IsLong(BaseMethodDeclarationSyntax method)
    {
        var span = method.GetLocation().GetLineSpan();
        return span.EndLinePosition.Line - span.StartLinePosition.Line + 1 > MaxMethodLines;
    }

    // A table of Unicode's and a list of names are data.
    private static bool IsTable(string file) => Path.GetFileName(file) is "PrintableRunes.cs" or "ErrorIds.cs";
}
