// The headings of resumes, in the languages of the letters and their neighbours. All words are folded (TextFolding).

/// What a section of a resume is about.
enum SectionHeading: String, CaseIterable, Sendable {
    case title, profile, contact, experience, education, skills, languages, projects, interests, certificates,
        references

    /// The heading that a piece of a line is, if it is one.
    static func of(_ text: some StringProtocol) -> SectionHeading? {
        guard text.utf8.count <= 160 else { return nil }
        let bare = trimmed(TextFolding.fold(LetterSpacing.collapse(text)))
        guard !bare.isEmpty, bare.utf8.count <= 80 else { return nil }
        if let heading = table[bare] { return heading }
        // "Education and training", "Erfahrung & Projekte", "Skills / Languages": the first part that is known.
        guard bare.split(separator: " ").count <= 6 else { return nil }
        for part in parts(bare) { if let heading = table[part] { return heading } }
        return nil
    }

    /// The heading before the colon of `Skills: Swift, C`; nil when the line has none.
    static func label(of line: some StringProtocol) -> SectionHeading? {
        guard let colon = line.firstIndex(where: { $0 == ":" || $0 == "：" }) else { return nil }
        return of(line[..<colon])
    }

    /// Without numbers, bullets and icons around it.
    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while let first = rest.first, !first.isLetter { rest.removeFirst() }
        while let last = rest.last, !last.isLetter { rest.removeLast() }
        return String(rest)
    }

    private static func parts(_ text: String) -> [String] {
        var parts: [String] = [""]
        for word in text.split(separator: " ") {
            if ["and", "&", "und", "et", "y", "e", "i", "en", "och", "og", "ja", "/", "ve", "a", "+"].contains(word) {
                parts.append("")
            } else {
                parts[parts.count - 1] += (parts[parts.count - 1].isEmpty ? "" : " ") + word
            }
        }
        return parts.flatMap { $0.split { "/,|&".contains($0) }.map { trimmed(String($0)) } }.filter { !$0.isEmpty }
    }

    private static let table: [String: SectionHeading] = {
        var table: [String: SectionHeading] = [:]
        for (heading, words) in words {
            for word in words.split(separator: ",") { table[trimmed(String(word))] = heading }
        }
        return table
    }()

    private static let words: [(SectionHeading, String)] = [
        (
            .title,
            """
            curriculum vitae,cv,resume,c.v,lebenslauf,tabellarischer lebenslauf,hoja de vida,zyciorys,履歴書,職務経歴書,简历,\
            个人简历,求职简历,履歷,이력서,резюме,curriculo,curriculum,zivotopis,ozgecmis,meritforteckning,ansioluettelo
            """
        ),
        (
            .profile,
            """
            profile,professional profile,personal profile,summary,professional summary,executive summary,career summary,\
            about me,about,objective,career objective,personal statement,personal details,personal information,personal data,\
            profil,kurzprofil,zusammenfassung,uber mich,personliche daten,personliche angaben,zur person,profil professionnel,\
            etat civil,informations personnelles,a propos,a propos de moi,perfil,perfil profesional,resumen,datos personales,\
            sobre mi,informacion personal,profiel,persoonlijke gegevens,personalia,over mij,podsumowanie,o mnie,\
            dane osobowe,profil zawodowy,profilo,profilo professionale,dati personali,informazioni personali,dados pessoais,\
            perfil profissional,resumo,sobre mim,kisisel bilgiler,osobni udaje,om mig,om meg,личные данные,о себе,个人信息,基本信息,\
            个人资料,自我评价,自己pr,個人情報,基本情報,인적사항
            """
        ),
        (
            .contact,
            """
            contact,contact details,contact information,contact info,contact me,kontakt,kontaktdaten,kontaktinformationen,\
            coordonnees,contacto,datos de contacto,contactgegevens,contactinformatie,dane kontaktowe,contatti,contato,\
            iletisim,kontaktuppgifter,kontaktinformasjon,контакты,联系方式,联系信息,連絡先,연락처
            """
        ),
        (
            .experience,
            """
            experience,work experience,professional experience,relevant experience,employment,employment history,work history,\
            career history,career,positions held,professional background,internships,work,berufserfahrung,\
            beruflicher werdegang,werdegang,berufspraxis,praxiserfahrung,praktische erfahrung,praktika,berufstatigkeit,\
            berufliche erfahrung,berufliche stationen,erfahrung,experience professionnelle,experiences professionnelles,\
            experiences,parcours professionnel,emplois,experiencia,experiencia profesional,experiencia laboral,werkervaring,\
            ervaring,loopbaan,doswiadczenie,doswiadczenie zawodowe,przebieg kariery,esperienza,esperienze,\
            esperienza lavorativa,esperienze lavorative,esperienza professionale,esperienze professionali,\
            experiencia profissional,is deneyimi,deneyim,pracovni zkusenosti,praxe,arbeidserfaring,arbetslivserfarenhet,\
            arbetserfarenhet,erhvervserfaring,tyokokemus,опыт работы,опыт,工作经历,工作经验,项目经验,实习经历,職歴,職務経歴,職務要約,경력,\
            경력사항
            """
        ),
        (
            .education,
            """
            education,academic background,academic qualifications,qualifications,academic history,education and training,\
            ausbildung,bildung,bildungsweg,studium,schulbildung,schule,hochschulbildung,akademische ausbildung,\
            schulische ausbildung,formation,formations,diplomes,etudes,cursus,educacion,formacion,formacion academica,\
            estudios,opleiding,opleidingen,onderwijs,wyksztalcenie,edukacja,istruzione,istruzione e formazione,formazione,\
            formacao,formacao academica,educacao,egitim,egitim bilgileri,vzdelani,utdanning,utbildning,uddannelse,koulutus,\
            образование,教育背景,教育经历,学歴,学历,학력,학력사항
            """
        ),
        (
            .skills,
            """
            skills,technical skills,key skills,core skills,professional skills,skill set,competencies,core competencies,\
            technologies,tools,computer skills,it skills,software,kenntnisse,fahigkeiten,edv-kenntnisse,it-kenntnisse,\
            kompetenzen,besondere kenntnisse,fachkenntnisse,competences,competences techniques,informatique,habilidades,\
            competencias,conocimientos,aptitudes,vaardigheden,competenties,kennis,umiejetnosci,kompetencje,competenze,\
            capacita e competenze,conhecimentos,yetenekler,beceriler,dovednosti,znalosti,ferdigheter,kompetanse,kompetenser,\
            fardigheter,kompetencer,taidot,навыки,ключевые навыки,技能,专业技能,技能特长,スキル,資格,기술,보유기술
            """
        ),
        (
            .languages,
            """
            languages,language skills,sprachen,sprachkenntnisse,fremdsprachen,langues,idiomas,lenguas,talen,talenkennis,jezyki,\
            jezyki obce,znajomosc jezykow,lingue,lingue straniere,diller,yabanci dil,jazyky,sprak,sprakkunskaper,sprog,\
            kielet,kielitaito,языки,иностранные языки,语言,语言能力,語学,어학
            """
        ),
        (
            .projects,
            "projects,personal projects,projekte,projets,proyectos,projecten,projekty,progetti,projetos,projeler,проекты,项目经历"
        ),
        (
            .interests,
            """
            interests,hobbies,hobbies and interests,activities,interessen,hobbys,freizeit,hobbys und interessen,\
            centres d'interet,loisirs,intereses,aficiones,interesses,hobby's,zainteresowania,hobby,interessi,ilgi alanlari,\
            konicky,интересы,хобби,兴趣爱好,趣味
            """
        ),
        (
            .certificates,
            """
            certifications,certificates,certification,licenses,awards,honors,honours,achievements,publications,volunteering,\
            volunteer experience,courses,training,zertifikate,weiterbildung,weiterbildungen,fortbildungen,auszeichnungen,\
            publikationen,ehrenamt,certificats,distinctions,certificaciones,cursos,premios,certificaten,cursussen,\
            certyfikaty,kursy,certificazioni,corsi,certificacoes,sertifikalar,курсы,сертификаты,证书,荣誉奖项,获奖情况
            """
        ),
        (
            .references,
            """
            references,reference,referees,referee,professional references,character references,personal references,\
            referenzen,referenz,referenzgeber,personen fur ruckfragen,recommandations,references professionnelles,\
            personnes de reference,referencias,referencias personales,referencias laborales,referencias profesionales,\
            referenties,referentie,referencje,referenze,referencia,referanslar,referans,referencer,referanser,referenser,\
            referens,suosittelijat,reference a doporuceni,doporuceni,рекомендации,рекомендатели,推荐人,推薦人,证明人,推薦者,照会先,추천인,\
            recommendations,testimonials
            """
        ),
    ]
}
