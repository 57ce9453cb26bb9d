use super::*;

fn names(text: &str) -> Vec<String> {
    Template::parse(text).unwrap().map(|t| t.names().to_vec()).unwrap_or_default()
}

fn filled(text: &str, values: &[(&str, &str)]) -> Result<String, TemplateError> {
    let values: Values = values.iter().copied().collect();
    Template::parse(text)?.unwrap_or_else(|| panic!("nothing is live in {text:?}")).fill(&values)
}

#[test]
fn variables_are_found_in_their_order_and_filled_as_they_are() {
    let text = "Explain {{topic}} in a {{ tone }} tone.\n{{topic|upper}}{% if city %} in {{city}}{% endif %}";
    assert_eq!(names(text), ["topic", "tone", "city"]);
    let values = [("tone", "<b>\"angry\" & {{topic}}</b>"), ("topic", "mutexes"), ("city", "")];
    let out = filled(text, &values).unwrap();
    assert_eq!(out, "Explain mutexes in a <b>\"angry\" & {{topic}}</b> tone.\nMUTEXES");
}

#[test]
fn what_is_no_template_is_not_touched() {
    for text in [
        "plain",
        "{\"a\": {\"b\": {}}}",
        "{{\"a\": 1}, {\"b\": 2}}",
        "println!(\"{{}} {{ {} }}\")",
        "${{ secrets.TOKEN }}",
        "{{#if user}}{{/if}} {{{raw}}} {{> part}} {{!-- no --}} {{^x}}",
        "\\newcommand{\\foo}{%\n \\textbf{#1}} {# a comment #}",
        "{% csrf_token %} {%",
        "std::vector<V> v = {{a, b},\n {c, d}};",
        "{{ }} {{}} {{1}}",
        "{",
        "{{",
        "{{name",
        "tail {{{",
    ] {
        assert_eq!(Template::parse(text), Ok(None), "{text:?}");
    }
}

#[test]
fn text_that_looks_live_survives_beside_a_variable() {
    for text in [
        "{\"a\": {\"b\": \"{{x}}\"}}",
        "{{#each}} {{{y}}} {# c #} {{x}} ${{ z }} {%\n{{}} {{\"q\"}} {{{% endraw %} {",
        "{{x}}{% raw %}{{ keep }} {% if %} {{% endraw %}{{x}}",
        "{{x}}\n",
        "a {{- x -}} b",
        "\r\n{{x}}\t\r\n",
    ] {
        let want = text
            .replace("a {{- x -}} b", "a1b")
            .replace("{{x}}", "1")
            .replace("{% raw %}{{ keep }} {% if %} {{% endraw %}", "{{ keep }} {% if %} {");
        assert_eq!(filled(text, &[("x", "1")]).unwrap(), want, "{text:?}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (text, line, words) in [
        ("a\n\nstyle={{ color: 'red' }}", 3, "{{ color: 'red' }} is no template"),
        ("title = {{The Title}}", 1, "{{The Title}} is no template"),
        ("x\n{{name}", 2, "closed by one brace"),
        ("{% set x = 1 %}", 1, "{% set %} is not for prompts"),
        ("{% endraw %}", 1, "{% endraw %}"),
        ("\n{% raw %} x", 2, "{% endraw %} is missing"),
        ("{% if x %} y", 1, "unexpected end of input"),
        ("{{user-name}}", 1, "write {{user_name}}"),
        ("{{größe}}", 1, "letters a to z"),
        ("{{x ~ x}}", 1, "~ is not for prompts"),
        ("{{ __bakeoff_round() }}", 1, "two underscores"),
        ("{{ x|nosuch }}", 1, "nosuch"),
        ("{% for a in x recursive %}{% endfor %}", 1, "not recursive"),
        ("{%for a in x recursive%}{% endfor %}", 1, "not recursive"),
        ("{% for a in x %}{% for a in x %}{% for a in x %}{% for a in x %}", 1, "3 deep"),
        ("{{ don't }}", 1, "is no template"),
    ] {
        let error = match Template::parse(text) {
            Err(error) => error,
            Ok(template) => template.unwrap().fill(&[("x", "1")].into_iter().collect()).unwrap_err(),
        };
        assert!(error.line == line && error.message.contains(words), "{text:?}: {error}");
    }
    let many = "{{abcdefgh}} ".repeat(2_000);
    assert!(Template::parse(&many).unwrap_err().to_string().contains("more than a template"));
}

#[test]
fn a_value_that_is_missing_is_named_with_the_nearest_one() {
    let error = filled("a\n{{tone}} {{topic}}", &[("topic", "x"), ("tonne", "y")]).unwrap_err();
    assert_eq!(error.to_string(), "line 2: {{tone}} has no value (did you mean \"tonne\"?)");
    let template = Template::parse("{{tone}}").unwrap().unwrap();
    assert_eq!(template.unknown("tonee").unwrap(), "the prompt has no {{tonee}} (did you mean \"tone\"?)");
    assert_eq!(template.unknown("tone"), None);
    let error = filled("{{tone.shade}}", &[("tone", "x")]).unwrap_err();
    assert!(error.line == 1 && error.message.contains("nothing of that name"), "{error}");
}

#[test]
fn loops_conditions_and_filters_do_what_they_say() {
    for (text, want) in [
        ("{% for l in x|lines %}[{{l}}]{% endfor %}", "[b ][a]"),
        ("{% for l in x|lines -%}\n  [{{loop.index}}]\n{%- endfor %}", "[1][2]"),
        ("{% for n in range(2, 4) %}{{n}}{% endfor %}", "23"),
        ("{{ x|split(' ')|join('-')|trim|replace('a', 'c') }}", "b-\nc"),
        ("{% if x == 'b' %}yes{% elif x %}no{% else %}none{% endif %}", "no"),
        (
            "{{ x|tojson }}{{ x|length }}{{ e|default('empty') }}{{ x|capitalize|trim|lower }}",
            "\"b \\na\"4emptyb \na",
        ),
        ("{{ 'never' if e else 'live' }}{{ x if e else e|upper }}", "{{ 'never' if e else 'live' }}"),
    ] {
        assert_eq!(filled(text, &[("x", "b \na"), ("e", "")]).unwrap(), want, "{text}");
    }
}

#[test]
fn no_template_produces_gigabytes_or_runs_on() {
    let big = "x".repeat(1 << 20);
    for (text, words) in [
        ("{% for a in range(4000000000) %}{{x}}{% endfor %}", "repeats too often"),
        ("{% for a in range(100000) %}{{big}}{% endfor %}", "larger than 16 MiB"),
        (
            "{% for a in range(9000) %}{% for b in range(9000) %}{% for c in range(9000) %}{% endfor %}{% endfor %}{% endfor %}",
            "repeats too often",
        ),
        ("{% for a in big %}{% for b in big %}{{x}}{% endfor %}{% endfor %}", "repeats too often"),
        ("{{ big|replace('x', big)|length }}", "works on too much text"),
        (
            "{% for a in [big, big] %}{% for b in [a, a] %}{% for c in [b, b] %}{{c|replace('x','yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy')}}{% endfor %}{% endfor %}{% endfor %}",
            "too",
        ),
        (
            "{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}{{big}}",
            "larger than 16 MiB",
        ),
    ] {
        let error = filled(text, &[("x", "y"), ("big", &big)]).unwrap_err();
        assert!(error.message.contains(words), "{text}: {error}");
    }
}

/// A megabyte of code on one line, which opens and never closes.
#[test]
fn a_long_line_of_braces_is_read_at_once() {
    for brace in ["{{a ", "{% if ", "{% raw ", "{{ 'a ", "{", "{{a}"] {
        let text = brace.repeat((1 << 20) / brace.len());
        // Whatever it is taken for, it is taken for it soon.
        drop(Template::parse(&text));
    }
}

#[test]
fn values_keep_their_order_and_the_nearer_ones_count() {
    let mut own: Values = [("b", "1")].into_iter().collect();
    own.set("c", "2");
    own.set("b", "3");
    let all = own.or(&[("a", "9"), ("b", "9")].into_iter().collect());
    assert_eq!(all.iter().collect::<Vec<_>>(), [("b", "3"), ("c", "2"), ("a", "9")]);
    let template = Template::parse("{{b}}").unwrap().unwrap();
    let filled = Filled::new(&template, &own, Some((3, 12))).unwrap();
    assert_eq!((filled.label().as_str(), filled.text.as_str()), ("case 3/12 · b=3 · c=2", "3"));
}
